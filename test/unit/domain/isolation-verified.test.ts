import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { updateConditions } from '../../../domain/conditions.ts';
import {
  conditionsAfterBreach,
  conditionsAfterVerification,
  gatedByIsolation,
} from '../../../domain/isolation-verified.ts';
import { conditionsAfterFailure, conditionsAfterSuccess } from '../../../domain/operation-outcomes.ts';

const at = { time: '2026-11-21T10:00:00.000Z', generation: 1 };
const finding = { time: at.time, mongod: ['6.0.5'], probes: 100, breaches: 3 };
const active = updateConditions([], conditionsAfterSuccess('activate', 'Active'), at);
const breached = updateConditions(active, conditionsAfterBreach(finding), at);
const told = (conditions: typeof active, type: string): string =>
  conditions
    .filter((one) => one.type === type)
    .map(({ status, reason }) => `${status} ${reason}`)
    .join();

describe('the condition IsolationVerified', () => {
  it('is False after a breach, and the tenant is not ready', () => {
    assert.deepEqual(
      [told(breached, 'IsolationVerified'), told(breached, 'Ready')],
      ['False Breach', 'False IsolationBreached'],
    );
  });
  for (const kind of ['resume', 'reactivate', 'reconcile', 'change_plan', 'activate'] as const) {
    it(`stays False after ${kind}, and the tenant stays not ready`, () => {
      const after = updateConditions(breached, gatedByIsolation(breached, conditionsAfterSuccess(kind, 'Active')), at);
      assert.deepEqual(
        [told(after, 'IsolationVerified'), told(after, 'Ready')],
        ['False Breach', 'False IsolationBreached'],
      );
      const whole = updateConditions(active, gatedByIsolation(active, conditionsAfterSuccess(kind, 'Active')), at);
      assert.deepEqual([told(whole, 'IsolationVerified'), told(whole, 'Ready')], ['True ProbeRefused', 'True Active']);
    });
  }
  it('does not hide that a breached tenant is suspended', () => {
    assert.equal(
      told(
        updateConditions(breached, gatedByIsolation(breached, conditionsAfterSuccess('suspend', 'Suspended')), at),
        'Ready',
      ),
      'False Suspended',
    );
  });
  it('is True after a verification, unless the tenant still has a breach with another tenant', () => {
    const tenant = { conditions: breached, lifecycle: 'Active' } as const;
    const after = updateConditions(breached, conditionsAfterVerification(finding, tenant, true), at);
    assert.deepEqual([told(after, 'IsolationVerified'), told(after, 'Ready')], ['True PairVerified', 'True Active']);
    assert.deepEqual(conditionsAfterVerification(finding, tenant, false), []);
  });
  it('does not change Ready if the tenant is not ready for another reason', () => {
    const failed = updateConditions(
      active,
      [{ type: 'Ready', status: 'False', reason: 'OperationRunning', message: '' }],
      at,
    );
    assert.deepEqual(
      conditionsAfterVerification(finding, { conditions: failed, lifecycle: 'Active' }, true).map(({ type }) => type),
      ['IsolationVerified'],
    );
  });
  it('is False when the probe of an operation fails, and True when a later one succeeds', () => {
    const failed = updateConditions(
      active,
      gatedByIsolation(
        active,
        conditionsAfterFailure(
          'reconcile',
          'Active',
          { code: 'isolation_probe_failed', message: 'mongod allowed it' },
          false,
        ),
      ),
      at,
    );
    assert.deepEqual(
      [told(failed, 'IsolationVerified'), told(failed, 'Ready')],
      ['False ProbeFailed', 'False IsolationBreached'],
    );
    const changed = updateConditions(
      failed,
      gatedByIsolation(failed, conditionsAfterSuccess('change_plan', 'Active')),
      at,
    );
    assert.equal(told(changed, 'Ready'), 'False IsolationBreached');
    assert.equal(
      told(
        updateConditions(failed, gatedByIsolation(failed, conditionsAfterSuccess('reconcile', 'Active')), at),
        'IsolationVerified',
      ),
      'True ProbeRefused',
    );
  });
});
