import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { operationOutcomes } from '../../domain/operation-outcomes.ts';
import { stepsOf } from '../../domain/step-plan.ts';
import type { TenantDocument } from '../../store/documents.ts';
import { stateReference } from '../../store/resources.ts';
import { readEntries } from '../harness/control-data.ts';
import type { RunningOperation } from './requests.ts';
import type { TestBed } from './test-bed.ts';

type Of = (action: string, ...outcomes: LedgerEntry['outcome'][]) => LedgerEntry[];

function expectSteps(of: Of, kind: RunningOperation['kind'], end: FinalOperationState): void {
  const done = of(`tenant.${kind}.step`, 'succeeded').map(({ step }) => step);
  assert.equal(new Set(done).size, done.length, `each step is committed once: ${done.join(', ')}`);
  const undone = of(`tenant.${kind}.undo`, 'succeeded').map(({ step }) => step);
  assert.equal(new Set(undone).size, undone.length, `each step is undone once: ${undone.join(', ')}`);
  if (end === 'succeeded') {
    assert.deepEqual(
      done,
      stepsOf(kind).map(({ key }) => key),
      'every step is committed, in order',
    );
    assert.deepEqual(undone, [], 'no step of an operation that succeeded is undone');
  } else {
    assert.deepEqual(
      done.filter((step) => !undone.includes(step)),
      [],
      'every committed step is undone',
    );
  }
}

/** Compares the entries of one operation with how it ended. */
export function expectOperation(
  entries: readonly LedgerEntry[],
  { id, kind }: RunningOperation,
  end: FinalOperationState,
): void {
  const own = entries.filter(({ operationId }) => operationId === id);
  const of: Of = (action, ...outcomes) =>
    own.filter((entry) => entry.action === action && outcomes.includes(entry.outcome));
  assert.equal(of(`tenant.${kind}`, 'allowed').length, 1, 'the operation is accepted once');
  const ends = of(`tenant.${kind}`, 'succeeded', 'failed');
  assert.equal(ends.length, 1, 'the operation ends once');
  assert.equal(ends[0]?.outcome, end === 'succeeded' ? 'succeeded' : 'failed');
  assert.equal(ends[0].event?.type, operationOutcomes[kind][end === 'succeeded' ? 'succeeded' : 'failed']);
  const starts = of(`tenant.${kind}.start`, 'succeeded').map(({ fence }) => fence);
  assert.equal(new Set(starts).size, starts.length, `no two holders have the same fence: ${starts.join(', ')}`);
  assert.ok(starts.length > 0, 'the beginning of the operation has an entry');
  expectSteps(of, kind, end);
}

/** Checks that the states in the entries follow one another without a gap, up to the current state of the tenant. */
export function expectChain(entries: readonly LedgerEntry[], standing: TenantDocument | undefined): void {
  let last: LedgerEntry | undefined;
  for (const entry of entries.filter(({ previous, next }) => previous !== undefined || next !== undefined)) {
    // One commit may write more than one entry about the same change; a hand-over continues from the entry before it.
    const isOfTheSame =
      last !== undefined && isDeepStrictEqual([entry.previous, entry.next], [last.previous, last.next]);
    if (!isOfTheSame && entry.previous !== undefined)
      assert.deepEqual(
        entry.previous,
        last?.next,
        `${entry.action} (${entry.id}) continues from what the entries before it say`,
      );
    last = entry;
  }
  assert.deepEqual(
    last?.next,
    standing === undefined ? undefined : stateReference(standing),
    'the tenant is as its last entry says',
  );
}

/** Compares everything that the ledger says about a tenant with how these operations ended. */
export async function expectLedger(
  { installation }: TestBed,
  uid: string,
  ended: readonly { readonly operation: RunningOperation; readonly end: FinalOperationState }[],
): Promise<void> {
  const entries = await readEntries(installation, { tenant: uid });
  expectChain(entries, await installation.store.resources.findByUid('Tenant', uid));
  expectFences(entries);
  for (const { operation, end } of ended) expectOperation(entries, operation, end);
}

/**
 * Checks that the holders of the lock follow one another: none commits anything after a later one, and no two
 * operations have the same fence.
 */
export function expectFences(entries: readonly LedgerEntry[]): void {
  const fences = entries.flatMap(({ fence }) => (fence === undefined ? [] : [fence]));
  assert.deepEqual(
    fences,
    fences.toSorted((a, b) => a - b),
    'nobody commits under an older fence after a newer one',
  );
  for (const [fence, under] of Map.groupBy(
    entries.filter((entry) => entry.fence !== undefined),
    (entry) => entry.fence,
  )) {
    assert.equal(new Set(under.map(({ operationId }) => operationId)).size, 1, `one operation has fence ${fence}`);
  }
}
