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

/** What an action must satisfy; a path says too from where it goes, and what to do where it does not go. */
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

describe('the table of what admission asks', () => {
  it('has every action of the contract', () => {
    assert.deepEqual(Object.keys(admission).toSorted(), admissionActions.toSorted());
  });

  it('lets each path go from where the contract lets it go', () => {
    const table = Object.entries(admission).flatMap(([action, entry]) =>
      'from' in entry ? [[action, entry.from.toSorted()]] : [],
    );
    const contract = operationKinds.map((kind) => {
      const states = transitions.filter(({ path }) => path === kind).map(({ from }) => from);
      return [`tenant.${kind}`, [...new Set(states)].toSorted()];
    });
    assert.deepEqual(Object.fromEntries(table), Object.fromEntries(contract));
  });

  it('asks of exactly the paths that they go from there', () => {
    for (const [action, entry] of Object.entries(admission))
      assert.equal(entry.rules.includes('lifecycle.transition'), 'from' in entry, action);
  });

  it('is told of the data key where it asks for it', () => {
    const asking = Object.entries(admission).flatMap(([action, { rules }]) =>
      rules.includes('encryption.data_key') ? [action] : [],
    );
    assert.deepEqual([...asksForDataKey].toSorted(), asking.toSorted());
  });

  it('names exactly the rules that refuse something in the corpus', () => {
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
    it(`allows and refuses each action of ${entrypoint}`, () => {
      for (const allow of [true, false]) {
        const tried = actionsOf(decided(entrypoint, allow));
        assert.deepEqual(
          actions.filter((action) => !tried.has(action)),
          [],
          allow ? 'allowed nowhere' : 'refused nowhere',
        );
      }
    });
  }
});
