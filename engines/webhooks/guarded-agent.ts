import { isIP } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.ts';
import { allowedAddress } from './allowed-address.ts';
import type { LookUp } from './allowed-address.ts';

const connectTimeoutMs = 5_000;
const idleMs = 10_000;
const maxHeaderBytes = 16 * 1024;

/**
 * Connects only to allowed addresses. Names are resolved here, and the connection goes to the address that was checked,
 * so a name that has another address a moment later changes nothing.
 */
export function createGuardedAgent(guard: AddressGuard, lookUp?: LookUp): Agent {
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
