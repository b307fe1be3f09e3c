import { randomBytes } from 'node:crypto';
import type { Document } from 'mongodb';
import type { IsolationDirection } from '../../../contracts/isolation-report.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import type { CellWork, Home } from '../home.ts';
import { requireClaim } from '../parts/claim.ts';
import { planeDatabase } from '../parts/plane-database.ts';
import { noDocument, unstorable } from '../probe/boundary-attempts.ts';
import { ask, isStop, stop } from './answer.ts';
import { createBystander, removeBystanders } from './bystander.ts';
import type { MongodBehaviour } from './known-refusals.ts';
import { plantCanaries, removeCanaries, removeOldCanaries } from './canaries.ts';
import { readInventory } from './inventory.ts';
import type { Leftovers } from './canaries.ts';
import { verifyDirection } from './verify-direction.ts';
import type { Side } from './verify-direction.ts';

/** A tenant whose boundary with another is verified. */
export interface VerifiedTenant {
  readonly name: string;
  readonly home: Home;
}

export interface VerifyPair {
  readonly tenants: readonly [VerifiedTenant, VerifiedTenant];
  readonly leftovers: Leftovers;
  /** The id of this attempt; begins with the verification's id. */
  readonly attempt: string;
  readonly password: (uid: string) => Promise<string>;
  readonly newId: () => string;
  /** What earlier verifications have found out about mongod's commands; this one adds to it. */
  readonly behaviour: MongodBehaviour;
  /** Runs once both tenants have their canaries. */
  readonly planted?: () => Promise<void>;
}

/** Commands with and without read concerns, reading and writing; each is harmless even if it is not stopped. */
const stoppable: readonly Document[] = [
  { find: 'claims', limit: 1 },
  { listIndexes: 'claims' },
  { insert: 'claims', documents: unstorable },
  { delete: 'claims', deletes: [{ q: noDocument, limit: 1 }] },
  { drop: 'tenure_no_such_collection' },
];

/** A write that names no single collection; not every version has it. */
const bulkWrite: Document = {
  bulkWrite: 1,
  ops: [{ delete: 0, filter: noDocument, multi: true }],
  nsInfo: [{ ns: `${planeDatabase}.claims` }],
};

/**
 * @throws TenureError internal if this mongod does not stop what a breach would allow: then nothing may be tried on
 * real data
 */
async function requireStop(work: CellWork): Promise<void> {
  const { commands } = await readInventory(work);
  for (const command of [...stoppable, ...(commands.some(({ name }) => name === 'bulkWrite') ? [bulkWrite] : [])]) {
    const answer = await ask(work, work.cell.client, command === bulkWrite ? 'admin' : planeDatabase, {
      ...command,
      ...stop,
    });
    if (isStop(answer)) continue;
    throw new TenureError(
      'internal',
      `mongod on cell "${work.cell.name}" does not stop ${Object.keys(command)[0]} at an impossible read concern: a verification would not be safe`,
    );
  }
}

/** Removes what earlier attempts at a verification left behind: canaries, and users without rights. */
export async function clearLeftovers(homes: readonly Home[], leftovers: Leftovers): Promise<void> {
  for (const home of homes) {
    await removeOldCanaries(home, leftovers);
    await removeBystanders(home, leftovers);
  }
}

async function verifyWithBystander(
  from: Side,
  to: Side,
  { attempt, newId, behaviour }: VerifyPair,
): Promise<IsolationDirection> {
  const bystander = await createBystander(to.home, `${attempt}${newId()}`);
  try {
    return await verifyDirection({ from, to, bystander, behaviour, newId });
  } finally {
    await bystander.remove();
  }
}

/**
 * Tries with the real credential of each of two tenants to reach the other: with every command and every aggregation
 * stage that the running mongod reports, and with crafted probes. Makes no lasting change, whether the boundary holds
 * or not.
 * @throws TenureError cell_unavailable if mongod left anything unanswered; isolation_probe_failed if a tenant cannot
 * even read its own data; verification_disturbed if one has written to its canary and nothing else shows a breach
 */
export async function verifyPair(verification: VerifyPair): Promise<IsolationDirection[]> {
  const { tenants, leftovers, attempt, password } = verification;
  await clearLeftovers(
    tenants.map(({ home }) => home),
    leftovers,
  );
  const sides: Side[] = [];
  try {
    for (const { name, home } of tenants) {
      await requireClaim(home);
      await requireStop(home);
      sides.push({
        name,
        home,
        password: await password(home.uid),
        canary: await plantCanaries(home, attempt, `canary ${randomBytes(16).toString('hex')}`),
      });
    }
    await verification.planted?.();
    const [first, second] = sides as [Side, Side];
    return [
      await verifyWithBystander(first, second, verification),
      await verifyWithBystander(second, first, verification),
    ];
  } finally {
    for (const { home, canary } of sides) await removeCanaries(home, canary);
  }
}
