import type { MongoClient } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';
import { withinMs } from '../../platform/deadline.ts';

/** One MongoDB deployment that tenants live in. */
export interface Cell {
  readonly name: string;
  /** Connected as the plane. */
  readonly client: MongoClient;
  /** Address for tenants, without credentials. */
  readonly endpoint: string;
}

/** What a look at a cell showed. */
export interface CellSeen {
  readonly reachable: boolean;
  /** The name of the error where it is not. */
  readonly error?: string;
}

/** The cells that this process is configured with. */
export interface Cells {
  readonly names: readonly string[];
  /** Looks whether the cell answers, and remembers that. */
  look(name: string): Promise<CellSeen>;
  /** What the last look showed; before the first one, nothing. */
  lastSeen(name: string): CellSeen | undefined;
  /**
   * The cell, to work on. Says at once when the last look did not reach it, so that the work goes where it can be done.
   * @throws TenureError cell_unavailable, also when this process does not know the cell
   */
  reach(name: string): Promise<Cell>;
}

const lookTimeoutMs = 2_000;

async function ping({ client }: Cell): Promise<void> {
  // When its first connection fails, the driver keeps what it has closed, and every later call fails on that; only this makes a new one.
  await client.connect();
  await client.db('admin').command({ ping: 1 });
}

export function createCells(cells: readonly Cell[]): Cells {
  const byName = new Map(cells.map((cell) => [cell.name, cell]));
  const seen = new Map<string, CellSeen>();
  function known(name: string): Cell {
    const cell = byName.get(name);
    if (cell === undefined) throw new TenureError('cell_unavailable', `no address is configured for cell "${name}"; add it to the cells file`);
    return cell;
  }
  return {
    names: [...byName.keys()],
    async look(name) {
      const found = await withinMs(lookTimeoutMs, ping(known(name)), () => new Error('no answer in time')).then(
        (): CellSeen => ({ reachable: true }),
        (error: unknown): CellSeen => ({ reachable: false, error: error instanceof Error ? error.name : 'unknown' }),
      );
      seen.set(name, found);
      return found;
    },
    lastSeen: (name) => seen.get(name),
    async reach(name) {
      const cell = known(name);
      const last = seen.get(name);
      if (last?.reachable === false) throw new TenureError('cell_unavailable', `cell "${name}" cannot be reached from this worker (${last.error ?? 'unknown'})`);
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
