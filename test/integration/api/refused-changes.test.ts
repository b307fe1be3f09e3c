import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ProblemDetail } from '../../../contracts/problem-document.ts';
import { problems } from '../../../contracts/problems.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { entriesOf, readControlState } from '../../harness/control-data.ts';
import { borrowDeclared } from '../../harness/declared-installation.ts';
import type { Exchange, HttpRequest } from '../../harness/http-exchange.ts';
import type { SharedInstallation } from '../../harness/installation.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import type { TenantInput } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let exchange: Exchange;
before(async () => {
  ({ installation, exchange } = await borrowDeclared({ worker: false }));
  const api = installation.client();
  const apiVersion = 'tenure/v1';
  const create = { ifNoneMatch: '*' } as const;
  const plan = (name: string, tables: number, isolationModes: ('dedicated' | 'schema')[] = ['dedicated']) =>
    api.call('putPlan', {
      params: { name },
      ...create,
      body: { apiVersion, kind: 'Plan', metadata: { name }, spec: { isolationModes, quotas: { tables } } },
    });
  await plan('tiny', 3);
  await plan('pooled', 100, ['schema']);
  await api.call('putRegion', {
    params: { name: 'full' },
    ...create,
    body: {
      apiVersion,
      kind: 'Region',
      metadata: { name: 'full' },
      spec: { jurisdiction: 'CH', cells: [{ name: 'full-a', tableBudget: 1 }] },
    },
  });
  for (const name of ['there', 'shrunk']) await api.call('createTenant', { body: tenantManifest(name) });
});
after(() => installation.stop());

interface Refused {
  readonly name: string;
  readonly spec: Partial<TenantInput['spec']>;
  readonly code: ProblemCode;
  /** What the problem says about the error. */
  readonly flaw: Partial<ProblemDetail>;
  /** Whether the error has its own `fix`; otherwise the `fix` of the problem applies. */
  readonly ownFix?: boolean;
  /** Refused only for an existing tenant. */
  readonly onlyOfStanding?: boolean;
}

const [service] = tenantManifest('any').spec.services;

const table: readonly Refused[] = [
  {
    name: 'a plan that does not exist',
    spec: { plan: 'nowhere' },
    code: 'policy_refused',
    flaw: { rule: 'tenant.plan_known', pointer: '/spec/plan' },
  },
  {
    name: 'more tables than the plan allows',
    spec: { plan: 'tiny' },
    code: 'policy_refused',
    flaw: { rule: 'quota.tables', pointer: '/spec/services' },
  },
  {
    name: 'a preferred region that the residency does not allow',
    spec: { residency: { jurisdictions: ['EU'] }, placement: { preferredRegion: 'us-east-1' } },
    code: 'policy_refused',
    flaw: { rule: 'residency.preferred_region', pointer: '/spec/placement/preferredRegion', allowed: ['eu-west-1'] },
  },
  {
    name: 'a residency that no region satisfies',
    spec: { residency: { jurisdictions: ['AQ'] } },
    code: 'policy_refused',
    flaw: { rule: 'residency.some_region', pointer: '/spec/residency' },
  },
  {
    name: 'a region that does not exist',
    spec: { residency: { allowedRegions: ['mars-1'] } },
    code: 'policy_refused',
    flaw: {
      rule: 'tenant.regions_known',
      pointer: '/spec/residency/allowedRegions/0',
      allowed: ['eu-west-1', 'full', 'us-east-1'],
    },
  },
  {
    name: 'a mode that the plan does not offer',
    spec: { plan: 'pooled' },
    code: 'policy_refused',
    flaw: { rule: 'tenant.mode_allowed', pointer: '/spec/placement/mode', allowed: ['schema'] },
  },
  {
    name: 'a service strategy that contradicts the mode',
    spec: { plan: 'pooled', placement: { mode: 'schema' }, services: [{ ...service!, strategy: 'dedicated' }] },
    code: 'isolation_not_available',
    flaw: { pointer: '/spec/services/0/strategy', allowed: ['schema'] },
  },
  {
    name: 'a service strategy that is not offered',
    spec: { services: [{ ...service!, strategy: 'session' }] },
    code: 'isolation_not_available',
    flaw: { pointer: '/spec/services/0/strategy', allowed: ['dedicated'] },
  },
  {
    name: 'a hold, which only its own verb sets',
    spec: { hold: { reason: 'a case' } },
    code: 'tenant_held',
    flaw: { pointer: '/spec/hold' },
    onlyOfStanding: true,
  },
  {
    name: 'activation where every cell is full',
    spec: { lifecycle: 'Active', residency: { allowedRegions: ['full'] } },
    code: 'placement_impossible',
    flaw: { rule: 'cell.table_budget' },
    ownFix: false,
  },
];

const ways: readonly {
  readonly name: string;
  readonly isNew: boolean;
  readonly request: (spec: Refused['spec']) => HttpRequest;
}[] = [
  {
    name: 'POST of a new tenant',
    isNew: true,
    request: (spec) => ({
      method: 'POST',
      path: '/v1/tenants',
      body: tenantManifest('fresh', spec),
      headers: { 'idempotency-key': 'k' },
    }),
  },
  {
    name: 'PUT of a new tenant',
    isNew: true,
    request: (spec) => ({
      method: 'PUT',
      path: '/v1/tenants/fresh',
      body: tenantManifest('fresh', spec),
      headers: { 'if-none-match': '*', 'idempotency-key': 'k' },
    }),
  },
  {
    name: 'PUT of a Draft',
    isNew: false,
    request: (spec) => ({
      method: 'PUT',
      path: '/v1/tenants/there',
      body: tenantManifest('there', spec),
      headers: { 'if-match': '"1"', 'idempotency-key': 'k' },
    }),
  },
];

for (const { name, spec, code, flaw, ownFix = true, onlyOfStanding = false } of table) {
  for (const way of ways.filter(({ isNew }) => !(isNew && onlyOfStanding))) {
    test(`refused with a fix, and only the entry is written: ${name}, by ${way.name}`, async () => {
      const state = await readControlState(installation);
      const request = way.request(spec);
      let answer: Awaited<ReturnType<Exchange>> | undefined;
      const entries = await entriesOf(
        installation,
        async () =>
          (answer = await exchange({
            ...request,
            who: { subject: `${name} ${way.name}`.slice(0, 250), roles: ['admin'] },
          })),
      );
      assert.ok(answer !== undefined);
      const problem = answer.problem();
      assert.equal(problem.code, code, answer.text);
      assert.equal(problem.status, problems[code].status);
      assert.ok(problem.fix.length > 0);
      const told = problem.errors?.find((error) =>
        Object.entries(flaw).every(
          ([key, value]) => JSON.stringify(error[key as keyof ProblemDetail]) === JSON.stringify(value),
        ),
      );
      assert.ok(told !== undefined, answer.text);
      assert.ok(told.message.length > 0);
      if (ownFix) assert.ok((told.fix ?? '').length > 0, answer.text);

      assert.deepEqual(await readControlState(installation), state);
      assert.equal(entries.length, 1);
      const [entry] = entries;
      assert.equal(entry?.outcome, 'denied');
      assert.equal(entry.reason, code);
      assert.equal(entry.requestId, problem.requestId);
      assert.equal(entry.target.name, request.path.split('/')[3] ?? 'fresh');
      assert.equal(entry.next, undefined);
      if (code === 'policy_refused') {
        assert.equal(entry.policy?.decision, 'deny');
        assert.ok(entry.policy.rules.includes(flaw.rule ?? ''));
      }
    });
  }
}

test('a Draft that its plan no longer allows is refused when it is activated, and stays a Draft', async () => {
  const body = {
    apiVersion: 'tenure/v1',
    kind: 'Plan',
    metadata: { name: 'startup' },
    spec: { isolationModes: ['dedicated'], quotas: { tables: 1 } },
  };
  assert.equal(
    (await exchange({ method: 'PUT', path: '/v1/plans/startup', body, headers: { 'if-match': '*' } })).status,
    200,
  );
  const state = await readControlState(installation);
  const entries = await entriesOf(installation, async () => {
    const answer = await exchange({
      method: 'POST',
      path: '/v1/tenants/shrunk:activate',
      headers: { 'if-match': '"1"', 'idempotency-key': 'k' },
    });
    assert.equal(answer.problem().code, 'policy_refused', answer.text);
    assert.equal(answer.problem().errors?.[0]?.rule, 'quota.tables');
  });
  assert.deepEqual(
    entries.map(({ action, outcome, policy }) => [action, outcome, policy?.decision]),
    [['tenant.activate', 'denied', 'deny']],
  );
  assert.deepEqual(await readControlState(installation), state);
});

test('a cell that holds tenants cannot be removed from its region, and the refusal is an entry', async () => {
  // Placed by hand, because no worker runs here.
  const { control, databases } = installation;
  await control
    .db(databases.control)
    .collection('resources')
    .updateOne(
      { name: 'there' },
      { $set: { placement: { region: 'full', cell: 'full-a', mode: 'dedicated', database: 'tenant_x' } } },
    );
  const body = {
    apiVersion: 'tenure/v1',
    kind: 'Region',
    metadata: { name: 'full' },
    spec: { jurisdiction: 'CH', cells: [{ name: 'full-b' }] },
  };
  const state = await readControlState(installation);
  const entries = await entriesOf(installation, async () => {
    const answer = await exchange({ method: 'PUT', path: '/v1/regions/full', body, headers: { 'if-match': '*' } });
    assert.equal(answer.problem().code, 'change_not_available', answer.text);
    assert.match(answer.problem().detail, /there/);
  });
  assert.deepEqual(
    entries.map(({ action, outcome, reason }) => [action, outcome, reason]),
    [['region.apply', 'denied', 'change_not_available']],
  );
  assert.deepEqual(await readControlState(installation), state);
});
