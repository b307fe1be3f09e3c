import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { operationKinds, transitions } from '../../../contracts/lifecycle.ts';
import { admissionActions, policyActions } from '../../../contracts/policy.ts';
import { asksForDataKey } from '../../../engines/admission/admission.ts';
import { policyEntrypoints } from '../../../engines/policy/bundle.ts';
import { policiesDirectory } from '../../../tools/policies.ts';
import { corpus } from './corpus.ts';

/** The rules of an action; for a path also the states in which it can start, and the fix for all others. */
const entrySchema = z.union([
  z.strictObject({ rules: z.array(z.string()).min(1) }),
  z.strictObject({ from: z.array(z.string()).min(1), fix: z.string().min(1), rules: z.array(z.string()).min(1) }),
]);
const dataSchema = z.object({ admission: z.record(z.string(), entrySchema) });
const { admission } = dataSchema.parse(JSON.parse(readFileSync(join(policiesDirectory, 'data.json'), 'utf8')));

function decided(entrypoint: string, allow: boolean) {
  return corpus.filter((request) => request.entrypoint === entrypoint && request.allow === allow);
}

function actionsOf(requests: readonly { readonly input: unknown }[]): Set<unknown> {
  return new Set(requests.map(({ input }) => (input as { readonly action?: unknown }).action));
}

describe('the admission table', () => {
  it('has every action of the contract', () => {
    assert.deepEqual(Object.keys(admission).toSorted(), admissionActions.toSorted());
  });

  it('allows each path to start in the states of the contract', () => {
    const table = Object.entries(admission).flatMap(([action, entry]) =>
      'from' in entry ? [[action, entry.from.toSorted()]] : [],
    );
    const contract = operationKinds.map((kind) => {
      const states = transitions.filter(({ path }) => path === kind).map(({ from }) => from);
      return [`tenant.${kind}`, [...new Set(states)].toSorted()];
    });
    assert.deepEqual(Object.fromEntries(table), Object.fromEntries(contract));
  });

  it('checks the initial state of exactly the paths', () => {
    for (const [action, entry] of Object.entries(admission))
      assert.equal(entry.rules.includes('lifecycle.transition'), 'from' in entry, action);
  });

  it('gets the data key for exactly the actions that check it', () => {
    const asking = Object.entries(admission).flatMap(([action, { rules }]) =>
      rules.includes('encryption.data_key') ? [action] : [],
    );
    assert.deepEqual([...asksForDataKey].toSorted(), asking.toSorted());
  });

  it('names exactly the rules that deny something in the corpus', () => {
    const refusing = new Set(decided(policyEntrypoints.admit, false).flatMap(({ rules }) => rules));
    refusing.delete('admission.request');
    const named = new Set(Object.values(admission).flatMap(({ rules }) => rules));
    assert.deepEqual([...named].toSorted(), [...refusing].toSorted());
  });
});

describe('the corpus', () => {
  for (const [entrypoint, actions] of [
    [policyEntrypoints.authorize, policyActions],
    [policyEntrypoints.admit, admissionActions],
  ] as const) {
    it(`allows and denies each action of ${entrypoint}`, () => {
      for (const allow of [true, false]) {
        const tried = actionsOf(decided(entrypoint, allow));
        assert.deepEqual(
          actions.filter((action) => !tried.has(action)),
          [],
          allow ? 'never allowed' : 'never denied',
        );
      }
    });
  }
});
