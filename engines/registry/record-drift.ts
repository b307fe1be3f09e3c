import { updateConditions } from '../../domain/conditions.ts';
import { inSync, mendable } from '../../domain/drift.ts';
import type { DriftFinding } from '../../domain/drift.ts';
import { retryDelayMs } from '../../domain/backoff.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry } from './caller.ts';
import type { Caller } from './caller.ts';
import type { ChangedTenant, ChangeTenant } from './change-tenant.ts';

export interface RecordDriftDependencies {
  readonly store: Pick<Store, 'commit' | 'resources' | 'drift' | 'backoffs' | 'newId'>;
  readonly changeTenant: ChangeTenant;
}

export interface RecordedDrift {
  /** The reconciliation that mends it, where one was begun. */
  readonly begun?: ChangedTenant;
  readonly refused?: TenureError;
}

const plane = { subject: 'tenure', roles: ['service'] };

/** The first reconciliation at once, a further one after a minute, then longer each time, to six hours. */
const wait = { baseMs: 60_000, capMs: 6 * 60 * 60 * 1000 };

/** In an entry; all of them are in the observation. */
const toldAtMost = 20;

/**
 * Writes down what a scan has found of a tenant, and begins its reconciliation where that mends something. What has changed
 * since the scan looked is let be: the next scan sees it as it is then.
 */
export function createRecordDrift({ store, changeTenant }: RecordDriftDependencies): (scanned: TenantDocument, findings: readonly DriftFinding[]) => Promise<RecordedDrift> {
  async function told(scanned: TenantDocument, findings: readonly DriftFinding[], caller: Caller): Promise<TenantDocument> {
    const update = inSync(findings);
    const before = scanned.conditions.find(({ type }) => type === update.type);
    if (before?.status === update.status && before.reason === update.reason && before.message === update.message) return scanned;
    return store.commit(async (tx) => {
      const { _id: uid, name, generation } = scanned;
      const conditions = updateConditions(scanned.conditions, [update], { time: tx.time.toISOString(), generation });
      const after = await store.resources.replace(tx, scanned.revision, { ...scanned, conditions, revision: scanned.revision + 1, updateTime: tx.time });
      const drifted = findings.length > 0;
      return {
        result: after,
        entries: [
          {
            ...callerEntry(caller),
            tenant: uid,
            action: 'tenant.scan',
            target: { kind: 'Tenant', name, uid },
            outcome: drifted ? 'failed' : 'succeeded',
            previous: stateReference(scanned),
            next: stateReference(after),
            ...(drifted ? { event: { type: 'tenant.drift_detected.v1', data: { tenant: { uid, name }, count: findings.length, findings: findings.slice(0, toldAtMost).map((finding) => ({ ...finding })) } } } : {}),
          },
        ],
      };
    });
  }

  return async (scanned, findings) => {
    const { _id: tenant, placement } = scanned;
    const requestId = `drift-${store.newId()}`;
    const caller: Caller = { actor: plane, requestId, correlationId: requestId };
    await store.drift.observe(tenant, { cell: placement?.cell ?? '', findings: [...findings] });
    const key = { work: 'reconcile', tenant } as const;
    try {
      const current = await told(scanned, findings, caller);
      if (mendable(findings).length === 0) {
        await store.backoffs.succeeded(key);
        return {};
      }
      if ((await store.backoffs.waiting('reconcile')).includes(tenant)) return {};
      // Counted before it is known whether it helps: drift that comes back each time is not mended each minute.
      await store.backoffs.failed(key, (failures) => retryDelayMs(failures, Math.random(), wait));
      const begun = await changeTenant({ name: scanned.name, verb: { path: 'reconcile' }, precondition: { kind: 'revision', revisions: [current.revision] }, caller, settle: async () => undefined });
      return { begun };
    } catch (error) {
      if (error instanceof TenureError) return { refused: error };
      throw error;
    }
  };
}
