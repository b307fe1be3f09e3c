import { updateConditions } from '../../domain/conditions.ts';
import { inSync, repairable } from '../../domain/drift.ts';
import type { DriftFinding } from '../../domain/drift.ts';
import { transitionsOn } from '../../domain/lifecycle.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { TenantDocument } from '../../store/documents.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry, planeBackoffMs, systemCaller } from '../requests/caller.ts';
import type { Caller } from '../requests/caller.ts';
import type { ChangedTenant, ChangeTenant } from '../changes/change-request.ts';

export interface RecordDriftDependencies {
  readonly store: Pick<Store, 'commit' | 'resources' | 'drift' | 'backoffs' | 'newId'>;
  readonly changeTenant: ChangeTenant;
}

/** A tenant as it was when its home was scanned, and what the scan found. */
export interface ScannedTenant {
  readonly tenant: TenantDocument;
  readonly findings: readonly DriftFinding[];
}

export interface RecordedDrift {
  /** The reconciliation that repairs it, if one was started. */
  readonly begun?: ChangedTenant;
  readonly refused?: TenureError;
}

/** How many findings an entry contains; the observation contains all of them. */
const maxFindings = 20;

/**
 * Records the scan results of some tenants, and starts a reconciliation for each tenant if it would repair something
 * and the tenant's state allows it; drift of a Deleted tenant is only reported. A tenant that has changed since the
 * scan is left to the next scan. A tenant without drift, now and before, costs only its share of two commands.
 */
export function createRecordDrift({
  store,
  changeTenant,
}: RecordDriftDependencies): (scanned: readonly ScannedTenant[]) => AsyncGenerator<RecordedDrift & ScannedTenant> {
  async function updateInSync(
    scanned: TenantDocument,
    findings: readonly DriftFinding[],
    caller: Caller,
  ): Promise<TenantDocument> {
    const update = inSync(findings);
    const before = scanned.conditions.find(({ type }) => type === update.type);
    if (before?.status === update.status && before.reason === update.reason && before.message === update.message)
      return scanned;
    return store.commit(async (tx) => {
      const { _id: uid, name, generation } = scanned;
      const conditions = updateConditions(scanned.conditions, [update], { time: tx.time.toISOString(), generation });
      const after = await store.resources.replace(tx, scanned.revision, {
        ...scanned,
        conditions,
        revision: scanned.revision + 1,
        updateTime: tx.time,
      });
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
            ...(drifted
              ? {
                  event: {
                    type: 'tenant.drift_detected.v1',
                    data: {
                      tenant: { uid, name },
                      count: findings.length,
                      findings: findings.slice(0, maxFindings).map((finding) => ({ ...finding })),
                    },
                  },
                }
              : {}),
          },
        ],
      };
    });
  }

  async function reportAndRepair(scanned: ScannedTenant, caller: Caller, isInBackoff: boolean): Promise<RecordedDrift> {
    const { tenant, findings } = scanned;
    try {
      const current = await updateInSync(tenant, findings, caller);
      if (
        repairable(findings).length === 0 ||
        transitionsOn('reconcile', current.lifecycle).length === 0 ||
        isInBackoff
      )
        return {};
      // Counted before it is known whether it helps, so that drift that always returns is not repaired every minute.
      await store.backoffs.failed({ work: 'reconcile', tenant: tenant._id }, planeBackoffMs);
      const begun = await changeTenant({
        name: tenant.name,
        verb: { path: 'reconcile' },
        precondition: { kind: 'revision', revisions: [current.revision] },
        caller,
        alsoCommit: async () => undefined,
      });
      return { begun };
    } catch (error) {
      if (error instanceof TenureError) return { refused: error };
      throw error;
    }
  }

  return async function* record(scans) {
    await store.drift.observe(
      scans.map(({ tenant: { _id, placement, lastFence }, findings }) => ({
        tenant: _id,
        fence: lastFence,
        cell: placement?.cell ?? '',
        findings: [...findings],
      })),
    );
    await store.backoffs.succeeded(
      'reconcile',
      scans.filter(({ findings }) => repairable(findings).length === 0).map(({ tenant }) => tenant._id),
    );
    const inBackoff = new Set(await store.backoffs.waiting('reconcile'));
    for (const scanned of scans) {
      const caller = systemCaller(`drift-${store.newId()}`);
      yield { ...scanned, ...(await reportAndRepair(scanned, caller, inBackoff.has(scanned.tenant._id))) };
    }
  };
}
