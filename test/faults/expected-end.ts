import assert from 'node:assert/strict';
import { openTenant } from '../../client/open-tenant.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import type { OperationDocument } from '../../store/documents.ts';
import { until } from '../harness/until.ts';
import { expectCells } from './cell-state.ts';
import { finding } from './finding.ts';
import { expectLedger } from './ledger-rules.ts';
import { expectRegistry } from './registry-state.ts';
import type { RunningOperation } from './requests.ts';
import type { KnownTenant } from './standing.ts';
import type { TestBed } from './test-bed.ts';
import { whyUnended } from './why-unended.ts';

const endsWithinMs = 180_000;
const pollMs = 250;

/** Waits until the operation has ended, and returns it. */
export function endOf(
  bed: TestBed,
  operation: RunningOperation,
): Promise<OperationDocument & { readonly state: FinalOperationState }> {
  const { id, kind, tenant } = operation;
  const ended = async (): Promise<(OperationDocument & { state: FinalOperationState }) | undefined> => {
    // The control database may be unavailable for a moment.
    const found = await bed.installation.store.operations.find(id).catch(() => undefined);
    return found !== undefined && found.unfinished !== true
      ? (found as OperationDocument & { state: FinalOperationState })
      : undefined;
  };
  return finding('unended', async () => {
    try {
      return await until(`the ${kind} of ${tenant} ends`, ended, endsWithinMs, pollMs);
    } catch (error) {
      console.error(await whyUnended(bed, operation).catch(String));
      throw error;
    }
  });
}

/** Checks that an Active tenant can write with its own credential. Returns the tenant with the new document. */
async function writeIn({ api }: TestBed, tenant: KnownTenant, operationId: string): Promise<KnownTenant> {
  if (tenant.standing !== 'Active') return tenant;
  const opened = await openTenant(api, tenant.name, { maxPoolSize: 1 });
  try {
    await opened.collection('orders').insertOne({ sku: operationId });
  } finally {
    await opened.close();
  }
  return { ...tenant, documents: { ...tenant.documents, orders: (tenant.documents['orders'] ?? 0) + 1 } };
}

export interface Ended {
  readonly operation: RunningOperation;
  readonly end: FinalOperationState;
}

/**
 * Compares everything that operations leave with what is declared for the tenant: registry, ledger and cells. Returns
 * the tenant as other cases may use it.
 */
export async function expectTenant(
  bed: TestBed,
  tenant: KnownTenant,
  ended: readonly [Ended, ...Ended[]],
): Promise<KnownTenant> {
  const [{ operation }] = ended;
  await finding('registry', () => expectRegistry(bed, tenant, operation.id));
  await finding('ledger', () => expectLedger(bed, tenant.uid, ended));
  await finding('cell', () => expectCells(bed, tenant));
  await finding('twice', async () => {
    const operations = await bed.installation.store.operations.list({ tenants: [tenant.uid], limit: 1000 });
    const newer = operations.filter(({ _id }) => _id > operation.id).map(({ _id }) => _id);
    assert.deepEqual(
      newer,
      ended.slice(1).map((next) => next.operation.id),
      'one request is accepted once',
    );
    assert.ok(
      operations.every(({ unfinished, leases }) => unfinished !== true && leases.length === 0),
      'no operation runs, and no lease is left',
    );
  });
  return finding('access', () => writeIn(bed, tenant, operation.id));
}
