import { TenureError } from '../../../domain/tenure-error.ts';
import { listOnCell, writeOnCell } from '../cell-commands.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';
import { firstOfAnother, noteRelease, releaseOf } from './late-writes.ts';
import { planeDatabase } from './plane-database.ts';
import type { ClaimDocument } from './plane-database.ts';
import { objectsIn } from './cell-objects.ts';

const duplicateKey: ReadonlySet<number> = new Set([serverCodes.duplicateKey]);

/** Finds a claim that a majority has: never create or destroy anything under a claim that could be rolled back. */
async function findClaim(home: Home): Promise<ClaimDocument | undefined> {
  const [claim] = await listOnCell<ClaimDocument>(home, planeDatabase, {
    find: 'claims',
    filter: { _id: home.layout.claim },
    limit: 1,
    readConcern: { level: 'majority' },
  });
  return claim;
}

export function isOurs(home: Home, claim: Pick<ClaimDocument, 'installation' | 'tenant'>): boolean {
  return claim.installation === home.installation && claim.tenant === home.uid;
}

function ownedByAnother(home: Home, how: string): TenureError {
  const { claim, ownDatabase } = home.layout;
  return new TenureError(
    'owned_by_another',
    `${ownDatabase === undefined ? 'home' : 'database'} "${claim}" on cell "${home.cell.name}" ${how}`,
  );
}

async function refuseForeignObjects(home: Home): Promise<void> {
  const first = await firstOfAnother(home, await objectsIn(home));
  if (first !== undefined)
    throw ownedByAnother(
      home,
      `exists and was not created by this installation: it has "${first.name}" in "${first.database}"`,
    );
}

async function observe(home: Home): Promise<Observation> {
  const claim = await findClaim(home);
  if (claim === undefined) {
    await refuseForeignObjects(home);
    return 'absent';
  }
  if (isOurs(home, claim)) return 'present';
  throw ownedByAnother(home, `is claimed for tenant ${claim.tenant} of installation "${claim.installation}"`);
}

/**
 * Takes over a claim of the tenant that another operation wrote: that operation was undone, and the network delayed its
 * claim. Undoing this operation then also removes what exists under the claim.
 */
async function takeOver(home: Home): Promise<string> {
  const { installation, uid, operationId, layout } = home;
  const claimOfOtherOperation = { _id: layout.claim, installation, tenant: uid, operationId: { $ne: operationId } };
  await writeOnCell(home, planeDatabase, {
    update: 'claims',
    updates: [{ q: claimOfOtherOperation, u: { $set: { operationId } } }],
  });
  return `${layout.claim} is claimed`;
}

/** The claim on the tenant's home, written before anything is created in it. */
export const claimHome: HomeStep = {
  observe,
  async ensure(home) {
    const { installation, uid, operationId, layout } = home;
    if ((await observe(home)) === 'present') return takeOver(home);
    const claim: ClaimDocument = { _id: layout.claim, installation, tenant: uid, operationId, createTime: new Date() };
    await writeOnCell(home, planeDatabase, { insert: 'claims', documents: [claim] }, duplicateKey);
    // Another attempt may have been first; what counts is whose claim is there.
    if ((await observe(home)) !== 'present')
      throw new TenureError('cell_unavailable', `the claim on "${layout.claim}" disappeared after it was written`);
    await takeOver(home);
    return `claimed ${layout.claim}`;
  },
  async undo(home) {
    const { layout, installation, uid, operationId } = home;
    const ofThisOperation = { _id: layout.claim, installation, tenant: uid, operationId };
    if (!(await claimedByThisOperation(home))) return 'there was no claim of this operation';
    await noteRelease(home);
    const reply = await writeOnCell(home, planeDatabase, {
      delete: 'claims',
      deletes: [{ q: ofThisOperation, limit: 1 }],
    });
    return reply?.['n'] === 1 ? 'released the claim' : 'there was no claim of this operation';
  },
};

/**
 * Refuses to work in a home without a claim of this tenant.
 * @throws TenureError owned_by_another
 */
export async function requireClaim(home: Home): Promise<void> {
  const claim = await findClaim(home);
  if (claim === undefined) throw ownedByAnother(home, 'is no longer claimed for this tenant');
  if (!isOurs(home, claim))
    throw ownedByAnother(home, `is claimed for tenant ${claim.tenant} of installation "${claim.installation}"`);
}

/**
 * Makes sure that what was last seen in the home stays: a majority that has this later write also has everything before
 * it. Otherwise a step could find everything in place, left by an attempt whose writes were never acknowledged, and be
 * recorded as done before those writes are rolled back with their primary.
 * @throws TenureError owned_by_another
 */
export async function confirmClaim(home: Home): Promise<void> {
  const { layout, installation, uid } = home;
  const update = { q: { _id: layout.claim, installation, tenant: uid }, u: { $currentDate: { confirmTime: true } } };
  const reply = await writeOnCell(home, planeDatabase, { update: 'claims', updates: [update] });
  if (reply?.['n'] !== 1) throw ownedByAnother(home, 'is no longer claimed for this tenant');
}

/** Whether this operation claimed the home, so that undoing it may destroy what it created. */
export async function claimedByThisOperation(home: Home): Promise<boolean> {
  const claim = await findClaim(home);
  return claim !== undefined && isOurs(home, claim) && claim.operationId === home.operationId;
}

/**
 * Whether there is a claim of this tenant. If there is none, its home is empty, too.
 * @throws TenureError owned_by_another
 */
export async function isClaimed(home: Home): Promise<boolean> {
  return (await observe(home)) === 'present';
}

/** Releases the tenant's claim, regardless of which operation created it. */
export async function giveUpClaim(home: Home): Promise<string> {
  const { layout, installation, uid } = home;
  await writeOnCell(home, planeDatabase, {
    delete: 'claims',
    deletes: [{ q: { _id: layout.claim, installation, tenant: uid }, limit: 1 }, releaseOf(home)],
  });
  return `released the claim on ${layout.claim}`;
}
