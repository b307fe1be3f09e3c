import { MongoServerError, ReadConcern } from 'mongodb';
import type { MongoClient } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';
import { isDuplicateKey } from '../../store/control-errors.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry, systemCaller } from '../requests/caller.ts';
import { serverCodes } from './cell-errors.ts';
import type { ClaimDocument } from './parts/plane-database.ts';
import { planeDatabase } from './parts/plane-database.ts';

/** The deployment that answers at the address of a cell. */
interface Deployment {
  readonly name: string;
  readonly client: MongoClient;
}

interface IdentityDocument {
  readonly _id: 'identity';
  /** Generated when the plane first used the deployment; unique to it. */
  readonly identity: string;
  readonly createTime: Date;
}

const majority = new ReadConcern('majority');

const identityOf = ({ client }: Deployment) =>
  client
    .db(planeDatabase, { readConcern: majority, writeConcern: { w: 'majority', journal: true } })
    .collection<IdentityDocument>('identity');
const claimsOf = ({ client }: Deployment) =>
  client.db(planeDatabase, { readConcern: majority }).collection<ClaimDocument>('claims');

/** The identity of the deployment that answers at the address of this cell. */
export async function readIdentity(cell: Deployment): Promise<string | undefined> {
  return (await identityOf(cell).findOne({ _id: 'identity' }))?.identity;
}

async function createIdentity(cell: Deployment, identity: string): Promise<string> {
  try {
    await identityOf(cell).updateOne(
      { _id: 'identity' },
      { $setOnInsert: { identity, createTime: new Date() } },
      { upsert: true },
    );
  } catch (error) {
    // Another process was first; its identity counts.
    if (!(error instanceof MongoServerError && error.code === serverCodes.duplicateKey)) throw error;
  }
  const found = await readIdentity(cell);
  if (found === undefined)
    throw new TenureError('cell_unavailable', `the identity of cell "${cell.name}" disappeared after it was written`);
  return found;
}

/** How many claims to keep in memory at a time. */
const batch = 1_000;
/** How many tenants of a cell to check for; another deployment has none of them. */
const sampleSize = 100;

export interface AdoptDependencies {
  readonly store: Pick<Store, 'cellIdentities' | 'commit' | 'newId' | 'resources'>;
  readonly installation: string;
}

/**
 * Compares the claims on the deployment with the registry: an installation that is older than identities could be
 * started with wrong addresses.
 * @throws TenureError cell_mismatch
 */
async function requireEvidence({ store, installation }: AdoptDependencies, cell: Deployment): Promise<void> {
  const claims = claimsOf(cell);
  const mismatch = (reason: string): TenureError =>
    new TenureError('cell_mismatch', `the address of cell "${cell.name}" leads to another deployment: ${reason}`);
  let uids: string[] = [];
  async function checkBatch(): Promise<void> {
    const elsewhere = await store.cellIdentities.placedElsewhere(uids, cell.name);
    if (elsewhere !== undefined)
      throw mismatch(`it has tenant "${elsewhere.name}", which is on cell "${elsewhere.cell}"`);
    uids = [];
  }
  for await (const { tenant } of claims.find({ installation }, { projection: { tenant: 1 }, batchSize: batch })) {
    uids.push(tenant);
    if (uids.length === batch) await checkBatch();
  }
  if (uids.length > 0) await checkBatch();
  const { documents } = await store.resources.idleOn(cell.name, undefined, sampleSize);
  const placed = documents.map(({ _id }) => _id);
  if (
    placed.length > 0 &&
    (await claims.countDocuments({ installation, tenant: { $in: placed } }, { limit: 1 })) === 0
  ) {
    throw mismatch(`it has none of the tenants of "${cell.name}"`);
  }
}

/**
 * Returns the identity that a cell must have. At the first contact it is the one found there, or a new one; it never
 * changes after that.
 * @throws TenureError cell_mismatch if the deployment is already another cell, or if its claims show that it is not
 * this one
 */
export function createAdopt(dependencies: AdoptDependencies): (cell: Deployment) => Promise<string> {
  const { store } = dependencies;
  return async (cell) => {
    const pinned = await store.cellIdentities.find(cell.name);
    if (pinned !== undefined) return pinned;
    await requireEvidence(dependencies, cell);
    const identity = await createIdentity(cell, store.newId());
    try {
      await store.commit(async (tx) => {
        await store.cellIdentities.pin(tx, cell.name, identity);
        return {
          result: undefined,
          entries: [
            {
              ...callerEntry(systemCaller(`adopt-${store.newId()}`)),
              action: 'cell.adopt',
              target: { kind: 'Cell', name: cell.name },
              outcome: 'succeeded',
            },
          ],
        };
      });
      return identity;
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Another worker was first, or the deployment is pinned as another cell.
      const pinnedMeanwhile = await store.cellIdentities.find(cell.name);
      if (pinnedMeanwhile !== undefined) return pinnedMeanwhile;
      throw new TenureError(
        'cell_mismatch',
        `the deployment at the address of cell "${cell.name}" is already another cell of this installation`,
        { cause: error },
      );
    }
  };
}
