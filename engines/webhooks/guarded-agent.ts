import { lookup as lookUpName } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
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

export const lookUpAll: LookUp = async (name) =>
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

const connectTimeoutMs = 5_000;
const idleMs = 10_000;
const maxHeaderBytes = 16 * 1024;

/**
 * Connects only to allowed addresses. Names are resolved here, and the connection goes to the address that was checked,
 * so a name that has another address a moment later changes nothing.
 */
export function createGuardedAgent(guard: AddressGuard, lookUp: LookUp = lookUpAll): Agent {
  const connect = buildConnector({ timeout: connectTimeoutMs, allowH2: false });

  async function open(options: buildConnector.Options, callback: buildConnector.Callback): Promise<void> {
    const { hostname } = options;
    let address: string;
    try {
      address = await allowedAddress(hostname, guard, lookUp);
    } catch (error) {
      callback(error instanceof Error ? error : new Error(String(error)), null);
      return;
    }
    connect({ ...options, hostname: address, ...(isIP(hostname) === 0 ? { servername: hostname } : {}) }, callback);
  }

  return new Agent({
    connect(options, callback) {
      void open(options, callback);
    },
    keepAliveTimeout: idleMs,
    maxHeaderSize: maxHeaderBytes,
    pipelining: 1,
  });
}
