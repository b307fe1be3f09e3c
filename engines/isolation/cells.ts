import type { MongoClient } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';
import { withinMs } from '../../platform/deadline.ts';
import { asCellError } from './cell-errors.ts';
import { readIdentity } from './cell-identity.ts';

/** One MongoDB deployment with tenants. */
export interface Cell {
  readonly name: string;
  /** Connected as the plane. */
  readonly client: MongoClient;
  /** The address for tenants, without credentials. */
  readonly endpoint: string;
}

/** The result of a check of a cell. */
export interface CellSeen {
  /** It answers, and it is the right deployment. */
  readonly reachable: boolean;
  /** What is wrong if it is not reachable. */
  readonly error?: string;
  /** Another deployment answers at its address. */
  readonly mismatch?: true;
}

/** The cells that this process is configured with. */
export interface Cells {
  readonly names: readonly string[];
  /** Checks whether the cell answers and which deployment it is, and remembers the result. */
  look(name: string): Promise<CellSeen>;
  /** The result of the last check; `undefined` before the first one. */
  lastSeen(name: string): CellSeen | undefined;
  /**
   * Returns the cell to work on, after a new check that it is the right deployment: connections may be new and lead
   * elsewhere. Fails at once if the last check did not reach it, so that the work moves to a process that can do it.
   * @throws TenureError cell_unavailable, also if this process does not know the cell; cell_mismatch
   */
  reach(name: string): Promise<Cell>;
}

export interface CellsDependencies {
  readonly cells: readonly Cell[];
  /**
   * The identity that the cell must have; `undefined` while none is known. Called until it is known.
   * @throws TenureError
   */
  readonly identityOf: (cell: Cell) => Promise<string | undefined>;
}

const checkTimeoutMs = 2_000;

export function createCells({ cells, identityOf }: CellsDependencies): Cells {
  const byName = new Map(cells.map((cell) => [cell.name, cell]));
  const identities = new Map<string, string>();
  const lastChecks = new Map<string, CellSeen>();

  function requireKnown(name: string): Cell {
    const cell = byName.get(name);
    if (cell === undefined)
      throw new TenureError('cell_unavailable', `cell "${name}" has no configured address; add it to the cells file`);
    return cell;
  }

  async function identify(cell: Cell): Promise<string | undefined> {
    // After a failed first connection the driver keeps the closed topology, and every later call fails; only connect()
    // makes a new one.
    await cell.client.connect();
    return readIdentity(cell);
  }

  async function requireIdentity(cell: Cell): Promise<void> {
    const { name } = cell;
    const timeoutError = (): TenureError =>
      new TenureError('cell_unavailable', `cell "${name}" did not answer in time`);
    let found = await withinMs(checkTimeoutMs, identify(cell), timeoutError);
    const before = identities.get(name);
    const expected = before ?? (await identityOf(cell));
    if (expected === undefined) return;
    identities.set(name, expected);
    if (before === undefined) found = await withinMs(checkTimeoutMs, identify(cell), timeoutError);
    if (found === expected) return;
    const actual = found === undefined ? 'has no identity' : `has the identity ${found}`;
    throw new TenureError(
      'cell_mismatch',
      `the deployment at the address of cell "${name}" ${actual}, but the cell has ${expected}: nothing is done there`,
    );
  }

  function remember(name: string, error?: TenureError | Error): CellSeen {
    const mismatch = error instanceof TenureError && error.code === 'cell_mismatch';
    const found: CellSeen =
      error === undefined
        ? { reachable: true }
        : {
            reachable: false,
            error: error instanceof TenureError ? error.message : error.name,
            ...(mismatch ? { mismatch } : {}),
          };
    lastChecks.set(name, found);
    return found;
  }

  return {
    names: [...byName.keys()],
    look: (name) =>
      requireIdentity(requireKnown(name)).then(
        () => remember(name),
        (error: unknown) => remember(name, error instanceof Error ? error : new Error('unknown')),
      ),
    lastSeen: (name) => lastChecks.get(name),
    async reach(name) {
      const cell = requireKnown(name);
      const last = lastChecks.get(name);
      if (last?.mismatch === true) throw new TenureError('cell_mismatch', last.error ?? 'another deployment');
      if (last?.reachable === false)
        throw new TenureError(
          'cell_unavailable',
          `cell "${name}" is not reachable from this process (${last.error ?? 'unknown'})`,
        );
      try {
        await requireIdentity(cell);
      } catch (error) {
        if (error instanceof TenureError && error.code === 'cell_mismatch') remember(name, error);
        throw asCellError(name, error);
      }
      return cell;
    },
  };
}

/**
 * Options for how anybody reaches the deployment. All others belong to the plane: its login, key files, proxy, and how
 * it reads and writes.
 */
const tenantOptions = new Set([
  'replicaset',
  'tls',
  'ssl',
  'directconnection',
  'loadbalanced',
  'srvservicename',
  'srvmaxhosts',
  'retrywrites',
  'retryreads',
  'compressors',
  'zlibcompressionlevel',
]);

const addressParts =
  /^(?<scheme>mongodb(?:\+srv)?:\/\/)(?:[^/?#@]*@)?(?<hosts>[^/?#@]+)(?:\/[^/?#@]*)?(?:\?(?<options>[^?#@]*))?$/;

/**
 * The address of a deployment for tenants: the hosts, and the options in {@link tenantOptions}. Not parsed by `URL`,
 * which refuses the several hosts of a replica set.
 * @throws TypeError, without the address, if it cannot be parsed: the part that is not understood could belong to a
 * password
 */
export function endpointOf(uri: string): string {
  const { scheme, hosts, options = '' } = addressParts.exec(uri)?.groups ?? {};
  if (scheme === undefined || hosts === undefined) {
    throw new TypeError(
      'cannot parse the address of a cell; write it as mongodb://user:password@host:port/?option=value, and percent-encode each of : / ? # @ in user, password and options',
    );
  }
  const passedOn = options.split('&').filter((option) => tenantOptions.has(option.split('=', 1).join().toLowerCase()));
  return `${scheme}${hosts}/${passedOn.length === 0 ? '' : `?${passedOn.join('&')}`}`;
}
