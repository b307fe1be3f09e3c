import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { canonicalBytes } from '../../../contracts/canonical-json.ts';
import { admissionRequestSchema, authorizationRequestSchema } from '../../../contracts/policy.ts';
import type { AdmissionRequest, AuthorizationRequest } from '../../../contracts/policy.ts';
import { loadPolicyEngine } from '../../../engines/policy/policy-engine.ts';
import type { PolicyEngine } from '../../../engines/policy/policy-engine.ts';
import { policyEntrypoints } from '../../../engines/policy/bundle.ts';
import { compiledPolicy, decideByOpa } from './compiled.ts';
import { corpus } from './corpus.ts';
import { admissionRequests, authorizationRequests } from './requests.ts';

describe('the engine decides as OPA itself does', () => {
  let engine: PolicyEngine;
  before(async () => {
    engine = await loadPolicyEngine({ bundleDirectory: await compiledPolicy() });
  });

  /** The verdict in the form of a policy response. */
  function respond(entrypoint: string, input: unknown) {
    const verdict =
      entrypoint === policyEntrypoints.authorize
        ? engine.authorize(input as AuthorizationRequest)
        : engine.admit(input as AdmissionRequest);
    return {
      allow: verdict.allow,
      deny: verdict.deny,
      obligations: verdict.obligations.map((id) => ({ id })),
      rules: verdict.decision.rules,
    };
  }

  async function assertParity(entrypoint: string, inputs: readonly unknown[]) {
    const expected = await decideByOpa(entrypoint, inputs);
    assert.equal(expected.length, inputs.length, 'OPA must answer every request');
    for (const [index, input] of inputs.entries()) {
      const [engineSays, opaSays] = [respond(entrypoint, input), expected[index]].map((response) =>
        canonicalBytes(response).toString(),
      );
      assert.equal(engineSays, opaSays, `for ${JSON.stringify(input)}`);
    }
  }

  it('has a corpus for both entry points', () => {
    for (const entrypoint of Object.values(policyEntrypoints)) {
      assert.ok(corpus.filter((request) => request.entrypoint === entrypoint).length >= 50);
    }
  });

  for (const entrypoint of Object.values(policyEntrypoints)) {
    const cases = corpus.filter((request) => request.entrypoint === entrypoint);

    it(`${entrypoint}: the whole corpus`, async () => {
      await assertParity(
        entrypoint,
        cases.map((request) => request.input),
      );
    });

    for (const { name, input, allow, rules } of cases) {
      it(`${entrypoint}: ${name}: ${allow ? 'allowed' : 'denied'}`, () => {
        const response = respond(entrypoint, input);
        assert.deepEqual({ allow: response.allow, rules: response.rules }, { allow, rules });
      });
    }
  }

  const generated = [
    { entrypoint: policyEntrypoints.authorize, requests: authorizationRequests, schema: authorizationRequestSchema },
    { entrypoint: policyEntrypoints.admit, requests: admissionRequests, schema: admissionRequestSchema },
  ];
  for (const { entrypoint, requests, schema } of generated) {
    it(`${entrypoint}: 500 generated requests`, async (test) => {
      const seed = Date.now();
      test.diagnostic(`fast-check seed ${seed}`);
      const inputs = fc.sample<unknown>(requests, { numRuns: 500, seed });
      for (const input of inputs) schema.parse(input);
      await assertParity(entrypoint, inputs);
      const allowed = inputs.filter((input) => respond(entrypoint, input).allow).length;
      assert.ok(allowed > 10 && allowed < 490, `${allowed} of 500 are allowed: the requests must have both outcomes`);
    });
  }
});
