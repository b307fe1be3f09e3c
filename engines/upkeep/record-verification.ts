import type { IsolationReport } from '../../contracts/isolation-report.ts';
import { updateConditions } from '../../domain/conditions.ts';
import { conditionsAfterBreach, conditionsAfterVerification } from '../../domain/isolation-verified.ts';
import type { IsolationFinding } from '../../domain/isolation-verified.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { TenantDocument } from '../../store/documents.ts';
import type { LedgerDraft } from '../../store/ledger.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { pairOf } from '../../store/verifications.ts';
import type { RunningVerification } from '../../store/verifications.ts';
import { requireVerifiable } from './accept-verification.ts';
import { callerEntry } from '../requests/caller.ts';
import type { Caller } from '../requests/caller.ts';

type VerificationRecords = Pick<Store, 'commit' | 'resources' | 'verifications'>;

export interface RecordVerification {
  readonly running: RunningVerification;
  readonly attempt: string;
  readonly caller: Caller;
  /** As they were when the attempt started. */
  readonly tenants: readonly [TenantDocument, TenantDocument];
  readonly report: IsolationReport;
}

/** The result of the report, without the other tenant's name. */
function findingOf({ directions, endTime }: IsolationReport): IsolationFinding {
  return {
    time: endTime,
    mongod: [...new Set(directions.map(({ mongod }) => mongod))],
    probes: directions.reduce((sum, { probes }) => sum + probes, 0),
    breaches: directions.reduce((sum, { breaches }) => sum + breaches.length, 0),
  };
}

/** Whether the tenant has no breach with another existing tenant, apart from this pair. */
async function isHeldElsewhere(
  { resources, verifications }: VerificationRecords,
  tx: Transaction,
  uid: string,
  pair: string,
): Promise<boolean> {
  for (const { _id, tenants } of await verifications.breachesOf(tx, uid)) {
    const other = tenants.find((tenant) => tenant.uid !== uid);
    if (_id !== pair && other !== undefined && (await resources.read(tx, 'Tenant', other.uid)) !== undefined)
      return false;
  }
  return true;
}

async function writeFinding(
  store: VerificationRecords,
  tx: Transaction,
  before: TenantDocument,
  { report, caller }: RecordVerification,
): Promise<LedgerDraft> {
  const { _id: uid, name } = before;
  const finding = findingOf(report);
  const held = report.verdict === 'held';
  // What mongod allowed or disclosed is true even if the tenant has changed since. But that nothing got through, or
  // that something changed, may be the effect of an operation that ran in the meantime.
  const isConclusive = report.directions.some(({ breaches }) =>
    breaches.some(({ evidence }) => evidence !== 'changed'),
  );
  const current = await store.resources.read(tx, 'Tenant', uid);
  if (current === undefined) throw new TenureError('not_found', `tenant "${name}" no longer exists`);
  if (!isConclusive) requireVerifiable(current);
  if (!isConclusive && current.lastFence !== before.lastFence)
    throw new TenureError('operation_in_progress', `tenant "${name}" was changed during the verification`);
  const updates = held
    ? conditionsAfterVerification(finding, current, await isHeldElsewhere(store, tx, uid, pairOf(...uidsOf(report))))
    : conditionsAfterBreach(finding);
  const conditions = updateConditions(current.conditions, updates, {
    time: tx.time.toISOString(),
    generation: current.generation,
  });
  const after = await store.resources.replace(tx, current.revision, {
    ...current,
    conditions,
    revision: current.revision + 1,
    updateTime: tx.time,
  });
  const { time, ...counted } = finding;
  return {
    ...callerEntry(caller),
    tenant: uid,
    action: 'tenant.verify_isolation',
    target: { kind: 'Tenant', name, uid },
    outcome: held ? 'succeeded' : 'failed',
    previous: stateReference(current),
    next: stateReference(after),
    event: {
      type: held ? 'tenant.isolation_verified.v1' : 'tenant.isolation_breached.v1',
      data: { tenant: { uid, name }, verification: report.id, time, ...counted, mongod: [...finding.mongod] },
    },
  };
}

function uidsOf({ tenants: [first, second] }: IsolationReport): [string, string] {
  return [first?.uid ?? '', second?.uid ?? ''];
}

/**
 * Commits the result of a verification: the report, the condition of both tenants, and an entry with its event for
 * each.
 * @throws TenureError fenced if a later attempt has started; not_found; operation_in_progress and tenant_not_active if
 * a tenant is no longer what was verified
 */
export async function recordVerification(store: VerificationRecords, recording: RecordVerification): Promise<void> {
  const { running, attempt, tenants, report } = recording;
  await store.commit(async (tx) => {
    await store.verifications.record(tx, running, attempt, report);
    return {
      result: undefined,
      entries: [
        await writeFinding(store, tx, tenants[0], recording),
        await writeFinding(store, tx, tenants[1], recording),
      ],
    };
  });
}

/**
 * Commits that a verification ended without a verdict, unless it has already ended. The conditions do not change,
 * because nothing was found.
 */
export async function failVerification(
  store: VerificationRecords,
  {
    running,
    caller,
    tenants,
    failure,
  }: {
    readonly running: RunningVerification;
    readonly caller: Caller;
    readonly tenants: readonly { readonly uid: string; readonly name: string }[];
    readonly failure: { readonly code: string; readonly message: string };
  },
): Promise<void> {
  const entryOf = ({ uid, name }: { readonly uid: string; readonly name: string }): LedgerDraft => ({
    ...callerEntry(caller),
    tenant: uid,
    action: 'tenant.verify_isolation',
    target: { kind: 'Tenant', name, uid },
    outcome: 'failed',
    reason: failure.code,
  });
  const [first, ...others] = tenants.map(entryOf);
  if (first === undefined) return;
  await store.commit(async (tx) => {
    if (!(await store.verifications.giveUp(tx, running, failure))) return { already: undefined };
    return { result: undefined, entries: [first, ...others] };
  });
}
