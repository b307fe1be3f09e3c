import { lookup as lookUpName } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { AddressGuard } from './address-guard.ts';

/** The host is, or has, an address that the plane does not connect to. */
export class AddressForbidden extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AddressForbidden';
  }
}

/** All addresses of a name. */
export type LookUp = (name: string) => Promise<readonly string[]>;

const lookUpAll: LookUp = async (name) =>
  (await lookUpName(name, { all: true, order: 'verbatim' })).map(({ address }) => address);

/**
 * An address of a host that may be connected to. If one address of a name is forbidden, the name is.
 * @throws AddressForbidden, or the error of the look-up
 */
export async function allowedAddress(host: string, guard: AddressGuard, lookUp: LookUp = lookUpAll): Promise<string> {
  const literal = host.startsWith('[') ? host.slice(1, -1) : host;
  const addresses = isIP(literal) === 0 ? await lookUp(literal) : [literal];
  const forbidden = addresses.find((address) => !guard.allows(address));
  if (forbidden !== undefined)
    throw new AddressForbidden(
      forbidden === literal
        ? `${host} is not a public address`
        : `${host} has the address ${forbidden}, which is not public`,
    );
  const [first] = addresses;
  if (first === undefined) throw new AddressForbidden(`${host} has no address`);
  return first;
}
