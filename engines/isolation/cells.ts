import type { MongoClient } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';

/** One MongoDB deployment that tenants live in. */
export interface Cell {
  readonly name: string;
  /** Connected as the plane. */
  readonly client: MongoClient;
  /** Address for tenants, without credentials. */
  readonly endpoint: string;
}

export interface Cells {
  readonly names: readonly string[];
  /** @throws TenureError cell_unavailable, when the deployment does not know the cell */
  get(name: string): Cell;
}

export function createCells(cells: readonly Cell[]): Cells {
  const byName = new Map(cells.map((cell) => [cell.name, cell]));
  return {
    names: [...byName.keys()],
    get(name) {
      const cell = byName.get(name);
      if (cell === undefined) throw new TenureError('cell_unavailable', `no address is configured for cell "${name}"; add it to the cells file`);
      return cell;
    },
  };
}

/**
 * Options that say how the deployment is reached, by whomever. All others are the plane's own: who it is, with which key files, through which
 * proxy, how it reads and writes.
 */
const tenantOptions = new Set(['replicaset', 'tls', 'ssl', 'directconnection', 'loadbalanced', 'srvservicename', 'srvmaxhosts', 'retrywrites', 'retryreads', 'compressors', 'zlibcompressionlevel']);

const addressParts = /^(?<scheme>mongodb(?:\+srv)?:\/\/)(?:[^/?#@]*@)?(?<hosts>[^/?#@]+)(?:\/[^/?#@]*)?(?:\?(?<options>[^?#@]*))?$/;

/**
 * The address of a deployment as a tenant may know it: hosts, and of the options those that {@link tenantOptions} names. Not by `URL`, which
 * refuses the several hosts of a replica set.
 * @throws TypeError, without the address, where it cannot be read: what is not understood could be a part of a password
 */
export function endpointOf(uri: string): string {
  const { scheme, hosts, options = '' } = addressParts.exec(uri)?.groups ?? {};
  if (scheme === undefined || hosts === undefined) {
    throw new TypeError('the address of a cell cannot be read; write it as mongodb://user:password@host:port/?option=value, with "%" and two hexadecimal digits for each of : / ? # @ in user, password and options');
  }
  const handedOn = options.split('&').filter((option) => tenantOptions.has(option.split('=', 1).join().toLowerCase()));
  return `${scheme}${hosts}/${handedOn.length === 0 ? '' : `?${handedOn.join('&')}`}`;
}
