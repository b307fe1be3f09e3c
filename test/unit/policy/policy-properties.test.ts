import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { canonicalBytes, canonicalDigest } from '../../../contracts/canonical-json.ts';
import { policyActions, policyDecisionSchema } from '../../../contracts/policy.ts';
import type { AdmissionRequest, AuthorizationRequest } from '../../../contracts/policy.ts';
import { loadPolicyEngine } from '../../../engines/policy/policy-engine.ts';
import type { PolicyEngine, PolicyVerdict } from '../../../engines/policy/policy-engine.ts';
import { policiesDirectory } from '../../../tools/policies.ts';
import { compiledPolicy } from './compiled.ts';
import { admissionRequests, authorizationRequests, uid, unknownRole } from './requests.ts';

describe('every decision', () => {
  let engine: PolicyEngine;
  before(async () => {
    engine = await loadPolicyEngine({ bundleDirectory: await compiledPolicy() });
  });

  function assertSound(verdict: PolicyVerdict, request: unknown) {
    assert.equal(verdict.allow, verdict.deny.length === 0);
    assert.deepEqual(policyDecisionSchema.parse(verdict.decision), {
      bundle: engine.bundle,
      input: canonicalDigest(request),
      decision: verdict.allow ? 'allow' : 'deny',
      rules: verdict.decision.rules.toSorted(),
    });
    if (!verdict.allow)
      assert.deepEqual(verdict.decision.rules, [...new Set(verdict.deny.map((denial) => denial.rule))]);
  }

  it('allows exactly if there is no denial, and is logged correctly', () => {
    fc.assert(fc.property(authorizationRequests, (request) => assertSound(engine.authorize(request), request)));
    fc.assert(fc.property(admissionRequests, (request) => assertSound(engine.admit(request), request)));
  });

  it('allows nothing to unknown roles', () => {
    fc.assert(
      fc.property(authorizationRequests, fc.array(unknownRole), (request, roles) => {
        assert.equal(engine.authorize({ ...request, actor: { ...request.actor, roles } }).allow, false);
      }),
    );
  });

  it('allows nothing to a confined caller that it denies to an unconfined one', () => {
    fc.assert(
      fc.property(authorizationRequests, fc.array(uid), (request, tenants) => {
        const { tenants: _, ...unconfined } = request.actor;
        fc.pre(!unconfined.roles.includes('tenant-admin'));
        const confined = engine.authorize({ ...request, actor: { ...unconfined, tenants } });
        if (confined.allow) assert.ok(engine.authorize({ ...request, actor: unconfined }).allow);
      }),
    );
  });

  it('reveals nothing of a foreign tenant to a confined caller, not even whether it exists', () => {
    const visible = ({ decision, ...verdict }: PolicyVerdict) =>
      canonicalBytes({ ...verdict, decision: { ...decision, input: undefined } });
    fc.assert(
      fc.property(authorizationRequests, fc.array(uid), (request, tenants) => {
        fc.pre(request.target.tenant !== undefined && !tenants.includes(request.target.tenant));
        const foreign: AuthorizationRequest = { ...request, actor: { ...request.actor, tenants } };
        const { tenant: _, ...target } = foreign.target;
        assert.ok(visible(engine.authorize(foreign)).equals(visible(engine.authorize({ ...foreign, target }))));
      }),
    );
  });

  it('gives a confined caller access only to the tenants that it is confined to', () => {
    fc.assert(
      fc.property(authorizationRequests, fc.array(uid), (request, tenants) => {
        const verdict = engine.authorize({ ...request, actor: { ...request.actor, tenants } });
        const { action, target } = request;
        if (!verdict.allow || /^((plan|region|template)\.(get|list)|access\.check|audit\.verify)$/.test(action)) return;
        if (action.endsWith('.list')) assert.deepEqual(verdict.obligations, ['confine-to-tenants']);
        else assert.ok(target.tenant !== undefined && tenants.includes(target.tenant), `${action} on ${target.tenant}`);
      }),
    );
  });

  it('protects a held tenant: it is neither deleted nor purged, whatever else the request says', () => {
    fc.assert(
      fc.property(
        admissionRequests,
        fc.constantFrom('tenant.delete', 'tenant.purge'),
        fc.string({ minLength: 1 }),
        (request, action, reason) => {
          const { tenant } = request;
          const verdict = engine.admit({
            ...request,
            action,
            tenant: { ...tenant, spec: { ...tenant.spec, hold: { reason } } },
          });
          assert.ok(verdict.deny.some((denial) => denial.rule === 'lifecycle.hold' && denial.message.includes(reason)));
        },
      ),
    );
  });

  it('allows every Active tenant to be suspended, whatever else is wrong with it', () => {
    fc.assert(
      fc.property(admissionRequests, (request) => {
        const verdict = engine.admit({ ...request, action: 'tenant.suspend' });
        assert.deepEqual(
          verdict.deny.map((denial) => denial.rule),
          request.tenant.lifecycle === 'Active' ? [] : ['lifecycle.transition'],
        );
      }),
    );
  });

  it('allows a Deleted tenant without a hold to be purged from its purge time on, and before that only early', () => {
    const purges = admissionRequests.map((request): AdmissionRequest => {
      const { hold: _, ...spec } = request.tenant.spec;
      return { ...request, action: 'tenant.purge', tenant: { ...request.tenant, lifecycle: 'Deleted', spec } };
    });
    fc.assert(
      fc.property(purges, (request) => {
        const isDue =
          request.deletion !== undefined && Date.parse(request.deletion.purgeTime) <= Date.parse(request.now);
        const mayBePurged = request.deletion !== undefined && (isDue || request.early === true);
        assert.equal(engine.admit(request).allow, mayBePurged);
      }),
      { numRuns: 500 },
    );
  });

  it('is for one of the actions of the contract, and policy knows all of them', () => {
    const data = JSON.parse(readFileSync(join(policiesDirectory, 'data.json'), 'utf8')) as { actions: object };
    assert.deepEqual(Object.keys(data.actions).toSorted(), policyActions.toSorted());
  });
});
