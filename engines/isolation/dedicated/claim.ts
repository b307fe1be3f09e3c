import { TenureError } from '../../../domain/tenure-error.ts';
import { duplicateKeyCode } from '../cell-errors.ts';
import { claimsOf, databaseOf, onCell, onCellUnless, runCommand } from '../home.ts';
import type { ClaimDocument, Home } from '../home.ts';
import type { HomeStep, Observation } from '../home-step.ts';

function isOurs(home: Home, claim: ClaimDocument): boolean {
  return claim.installation === home.installation && claim.tenant === home.uid;
}

async function refuseWhatStandsThere(home: Home): Promise<void> {
  const { database } = home.names;
  const collections = await onCell(home, (options) => databaseOf(home).listCollections({}, { nameOnly: true, ...options }).toArray());
  const { users } = (await runCommand(home, { usersInfo: 1 })) as { users?: unknown[] };
  if (collections.length === 0 && (users ?? []).length === 0) return;
  throw new TenureError('owned_by_another', `database "${database}" on cell "${home.cell.name}" exists and was not made by this installation`);
}

async function observe(home: Home): Promise<Observation> {
  const claim = await onCell(home, (options) => claimsOf(home).findOne({ _id: home.names.database }, options));
  if (claim === null) {
    await refuseWhatStandsThere(home);
    return 'absent';
  }
  if (isOurs(home, claim)) return 'present';
  throw new TenureError('owned_by_another', `database "${home.names.database}" on cell "${home.cell.name}" is claimed by installation "${claim.installation}"`);
}

/** The claim on the tenant's database, written before anything is made in it. */
export const claimDatabase: HomeStep = {
  observe,
  async ensure(home) {
    if ((await observe(home)) === 'present') return `database ${home.names.database} is claimed`;
    const { installation, uid, operationId, names } = home;
    const claim: ClaimDocument = { _id: names.database, installation, tenant: uid, operationId, createTime: new Date() };
    await onCellUnless(home, new Set([duplicateKeyCode]), (options) => claimsOf(home).insertOne(claim, options));
    // Another attempt may have been first; what counts is whose claim stands.
    if ((await observe(home)) !== 'present') throw new TenureError('cell_unavailable', `the claim on "${names.database}" did not stay`);
    return `claimed database ${names.database}`;
  },
  async undo(home) {
    const { deletedCount } = await onCell(home, (options) =>
      claimsOf(home).deleteOne({ _id: home.names.database, installation: home.installation, tenant: home.uid, operationId: home.operationId }, options),
    );
    return deletedCount === 1 ? 'gave up the claim' : 'there was no claim of this operation';
  },
};

/** Whether the database was claimed by this very operation, so that undoing it may destroy what is in it. */
export async function claimedByThisOperation(home: Home): Promise<boolean> {
  const claim = await onCell(home, (options) => claimsOf(home).findOne({ _id: home.names.database }, options));
  return claim !== null && isOurs(home, claim) && claim.operationId === home.operationId;
}
