import assert from 'node:assert/strict';
import type { MongoClient } from 'mongodb';
import type { FinalOperationState } from '../../../contracts/operation-states.ts';
import type { OperationDocument, TenantDocument } from '../../../store/documents.ts';
import { expectCells } from '../../faults/cell-state.ts';
import { expectChain, expectFences, expectOperation } from '../../faults/ledger-rules.ts';
import { expectRegistry } from '../../faults/registry-state.ts';
import type { KnownTenant, Standing } from '../../faults/standing.ts';
import type { Installation } from '../../harness/installation.ts';
import { verifyRecordsOf } from '../../model/ledger-check.ts';
import type { Recollection } from '../recollection.ts';
import { checkDocuments } from './documents.ts';
import type { Findings } from './finding.ts';

export interface OracleParts {
  readonly installation: Installation;
  /** A client with root access to each cell, by region. */
  readonly cells: ReadonlyMap<string, MongoClient>;
}

function standingOf({ lifecycle, deletion }: TenantDocument): Standing {
  return lifecycle === 'Deleted' && deletion?.from === 'Draft' ? 'Deleted Draft' : lifecycle;
}

/** The tenant as it is in the registry. */
function knownOf(tenant: TenantDocument): KnownTenant {
  const { _id: uid, name, spec, placement } = tenant;
  return {
    name,
    uid,
    region: placement?.region ?? 'nowhere',
    mode: placement?.mode ?? spec.placement?.mode ?? 'dedicated',
    standing: standingOf(tenant),
    plan: spec.plan,
    services: spec.services,
    documents: {},
  };
}

function ended({ kind, _id: id, tenant: { uid, name } }: OperationDocument) {
  return { id, kind, uid, tenant: name, workflowId: '' };
}

/** Checks that the ledger of one tenant is consistent, and that it matches the tenant's operations. */
async function checkLedger(
  { installation }: OracleParts,
  uid: string,
  current: TenantDocument | undefined,
  findings: Findings,
): Promise<void> {
  const about = current?.name ?? uid;
  await findings.check('ledger', about, async () => {
    const entries = await verifyRecordsOf(installation, uid);
    expectChain(entries, current);
    expectFences(entries);
    for (const operation of await installation.store.operations.list({ tenants: [uid], limit: 10_000 })) {
      const { _id: id, kind, state, startTime } = operation;
      assert.notEqual(operation.unfinished, true, `${kind} ${id} has ended`);
      assert.deepEqual(operation.leases, [], `no lease of ${kind} ${id} is left`);
      if (startTime === null) continue;
      expectOperation(entries, ended(operation), state as FinalOperationState);
      const turns = entries.filter(({ operationId, action }) => operationId === id && action === `tenant.${kind}.turn`);
      assert.ok(turns.length <= 1, `${kind} ${id} started compensation ${turns.length} times`);
    }
  });
}

/**
 * Compares one tenant, which may be purged, with its ledger, and its cells with the registry. Call it when no operation
 * runs on the tenant.
 */
export async function checkTenant(
  parts: OracleParts,
  uid: string,
  recollection: Pick<Recollection, 'documents'>,
  findings: Findings,
): Promise<void> {
  const {
    installation: { store },
    cells,
  } = parts;
  const current = await store.resources.findByUid('Tenant', uid);
  await checkLedger(parts, uid, current, findings);
  if (current === undefined) {
    const operations = await store.operations.list({ tenants: [uid], limit: 10_000 });
    const purge = operations.find(({ kind, state }) => kind === 'purge' && state === 'succeeded');
    const name = purge?.tenant.name ?? uid;
    const gone: KnownTenant = {
      name,
      uid,
      region: 'nowhere',
      mode: 'dedicated',
      standing: 'Purged',
      plan: '',
      services: [],
      documents: {},
    };
    await findings.check('registry', name, () => expectRegistry(parts, gone, purge?._id ?? 'no purge'));
    await findings.check('cell', `${name} (${uid}), purged`, () => expectCells(parts, gone));
    return;
  }
  const known = knownOf(current);
  await findings.check('registry', known.name, () => expectRegistry(parts, known, ''));
  const cell = cells.get(known.region);
  const documents = cell === undefined ? {} : await checkDocuments(cell, known, recollection, findings);
  await findings.check('cell', `${known.name} (${uid}), ${known.standing} in ${known.region}`, () =>
    expectCells(parts, { ...known, documents }),
  );
}

/** Checks every tenant in the same way. */
export async function checkTenants(
  parts: OracleParts,
  recollection: Pick<Recollection, 'documents'>,
  findings: Findings,
): Promise<void> {
  const { control, databases } = parts.installation;
  const db = control.db(databases.control);
  const standing = await db.collection<TenantDocument>('resources').distinct('_id', { kind: 'Tenant' });
  const changed = await db.collection<OperationDocument>('operations').distinct('tenant.uid');
  for (const uid of new Set([...standing, ...changed, ...recollection.documents.map((document) => document.uid)]))
    await checkTenant(parts, uid, recollection, findings);
}
