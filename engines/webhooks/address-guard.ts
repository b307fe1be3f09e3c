import ipaddr from 'ipaddr.js';

type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** Says to which addresses the plane connects. */
export interface AddressGuard {
  /** Whether this IP address may be connected to. What is no IP address may not. */
  allows(address: string): boolean;
}

/** Addresses of clouds' own services that look public. */
const cloudServices = [ipaddr.parseCIDR('168.63.129.16/32')];
/** Nothing else of IPv6 is routed in public. */
const publicIpv6 = ipaddr.parseCIDR('2000::/3');

const isIn = (address: ReturnType<typeof ipaddr.process>, [base, bits]: Range): boolean =>
  address.kind() === base.kind() && address.match(base, bits);

/**
 * Allows public unicast addresses, and those in the given ranges. Refused are therefore private, loopback, link-local,
 * metadata, multicast and reserved addresses, and IPv6 addresses that stand for IPv4 ones: mapped, NAT64, 6to4, Teredo.
 * @param ranges in CIDR notation
 */
export function createAddressGuard(ranges: readonly string[]): AddressGuard {
  const allowed = ranges.map((range) => ipaddr.parseCIDR(range));
  return {
    allows(text) {
      if (!ipaddr.isValid(text)) return false;
      const address = ipaddr.parse(text);
      // An IPv4 address in the form of IPv6 is judged as what it is.
      const meant = ipaddr.process(text);
      if (allowed.some((range) => isIn(meant, range))) return true;
      if (address.range() !== 'unicast' || cloudServices.some((range) => isIn(address, range))) return false;
      return address.kind() === 'ipv4' || isIn(address, publicIpv6);
    },
  };
}
