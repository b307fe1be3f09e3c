import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { ApiError } from '../../../client/api-error.ts';
import { problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun, CliSetting } from '../../harness/in-memory-cli.ts';

interface Sent {
  readonly params?: { readonly name?: string };
  readonly query?: unknown;
  readonly body?: unknown;
  readonly ifMatch?: string;
}

function problem(code: ProblemCode): ApiError {
  const { status, title, fix, retryable } = problems[code];
  return new ApiError({ type: '', code, title, status, detail: 'so it is', fix, requestId: 'r', retryable });
}

/** Runs a command. `answer` is called for each request: it may throw an error; otherwise the answer is the tenant. */
async function run(
  argv: readonly string[],
  { answer = () => undefined, ...setting }: CliSetting & { readonly answer?: (name: string) => void } = {},
): Promise<CliRun & { readonly sent: readonly (Sent & { readonly route: string })[] }> {
  const sent: (Sent & { readonly route: string })[] = [];
  const client = {
    server: '',
    async call(route: string, call: Sent = {}) {
      const { signal: _signal, ...said } = call as Sent & { readonly signal?: AbortSignal };
      sent.push({ route, ...said });
      const name = call.params?.name ?? '';
      await Promise.resolve();
      answer(name);
      const tenant = {
        metadata: { name, uid: '01m7yzcrqvvjzzgg30pekssm21', revision: 9 },
        spec: { plan: 'startup' },
        status: { lifecycle: 'Deleted', conditions: [] },
      };
      return {
        status: 200,
        etag: '"9"',
        body: ['holdTenant', 'releaseHoldOfTenant', 'cancelPlanChangeOfTenant', 'getTenant'].includes(route)
          ? tenant
          : { tenant },
      };
    },
  };
  const result = await runInMemory(argv, {
    environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' },
    createClient: () => client as unknown as ApiClient,
    ...setting,
  });
  return { ...result, sent };
}

for (const [verb, route] of [
  ['activate', 'activateTenant'],
  ['suspend', 'suspendTenant'],
  ['resume', 'resumeTenant'],
  ['archive', 'archiveTenant'],
  ['reactivate', 'reactivateTenant'],
  ['undelete', 'undeleteTenant'],
  ['reconcile', 'reconcileTenant'],
] as const) {
  test(`${verb} requests what the command says, and nothing else`, async () => {
    const plain = await run([verb, 'acme']);
    assert.deepEqual(plain.sent, [{ route, params: { name: 'acme' }, query: {}, ifMatch: '*' }]);
    assert.deepEqual([plain.code, plain.stdout, plain.stderr], [exitCodes.ok, 'tenant/acme unchanged\n', '']);
    const all = await run([verb, 'tenant/acme', '--preempt', '--confirm-mass-change', '--revision', '7']);
    assert.deepEqual(all.sent, [
      { route, params: { name: 'acme' }, query: { preempt: 'true', confirmMassChange: 'true' }, ifMatch: '"7"' },
    ]);
  });
}

test('a dry run of a verb requests a dry run, does not ask for the name, and says that it was one', async () => {
  const suspend = await run(['suspend', 'acme', '--dry-run=server']);
  assert.deepEqual(suspend.sent, [
    { route: 'suspendTenant', params: { name: 'acme' }, query: { dryRun: 'true' }, ifMatch: '*' },
  ]);
  assert.deepEqual([suspend.code, suspend.stdout], [exitCodes.ok, 'tenant/acme unchanged (server dry run)\n']);
  const purge = await run(['purge', 'acme', '--dry-run=server']);
  assert.deepEqual(
    [purge.code, purge.sent.map(({ route, query }) => [route, query]), purge.stderr],
    [exitCodes.ok, [['purgeTenant', { dryRun: 'true' }]], ''],
  );
  const waited = await run(['suspend', 'acme', '--dry-run=server', '--wait']);
  assert.equal(waited.code, exitCodes.usage);
  assert.match(waited.stderr, /option '--dry-run <where>' cannot be used with option '--wait'/);
});

test('purge, change-plan and hold send early, time and reason only if the command says so', async () => {
  const requestOf = async (...argv: readonly string[]) => (await run(argv)).sent.at(-1);
  const params = { name: 'acme' };
  assert.deepEqual(await requestOf('purge', 'acme', '--confirm=acme'), {
    route: 'purgeTenant',
    params,
    body: { early: false },
    query: {},
    ifMatch: '"9"',
  });
  assert.deepEqual(await requestOf('purge', 'acme', '--confirm=acme', '--early'), {
    route: 'purgeTenant',
    params,
    body: { early: true },
    query: {},
    ifMatch: '"9"',
  });
  assert.deepEqual(await requestOf('change-plan', 'acme', 'large'), {
    route: 'changePlanOfTenant',
    params,
    body: { plan: 'large' },
    query: {},
    ifMatch: '*',
  });
  assert.deepEqual(await requestOf('change-plan', 'acme', 'large', '--at', '2999-01-01T01:00:00+01:00'), {
    route: 'changePlanOfTenant',
    params,
    body: { plan: 'large', time: '2999-01-01T00:00:00.000Z' },
    query: {},
    ifMatch: '*',
  });
  assert.deepEqual(await requestOf('change-plan', 'acme', '--cancel', '--revision', '3'), {
    route: 'cancelPlanChangeOfTenant',
    params,
    ifMatch: '"3"',
  });
  assert.deepEqual(await requestOf('hold', 'acme', '--reason', 'case 4711'), {
    route: 'holdTenant',
    params,
    body: { reason: 'case 4711' },
    ifMatch: '*',
  });
  assert.deepEqual(await requestOf('release-hold', 'acme'), { route: 'releaseHoldOfTenant', params, ifMatch: '*' });
});

test('if several tenants end differently, the highest exit code counts, and every failure is reported', async () => {
  const codes: Readonly<Record<string, ProblemCode>> = {
    a: 'not_found',
    b: 'policy_refused',
    d: 'transition_not_allowed',
  };
  const { code, stdout, stderr, sent } = await run(['suspend', 'a', 'b', 'c', 'd'], {
    answer: (name) => {
      const refused = codes[name];
      if (refused !== undefined) throw problem(refused);
    },
  });
  assert.deepEqual(
    sent.map(({ params }) => params?.name),
    ['a', 'b', 'c', 'd'],
  );
  assert.deepEqual([code, stdout], [exitCodes.denied, 'tenant/c unchanged\n']);
  assert.deepEqual(stderr.match(/^resource: .*$/gm), [
    'resource: tenant/a',
    'resource: tenant/b',
    'resource: tenant/d',
  ]);
});

test('Ctrl-C during a verb for several tenants prints those that were not requested', async () => {
  const interruption = new AbortController();
  const { code, stdout, stderr, sent } = await run(['suspend', 'a', 'b', 'c', 'd', '-o', 'json'], {
    interrupted: interruption.signal,
    answer: (name) => {
      if (name !== 'b') return;
      interruption.abort();
      interruption.signal.throwIfAborted();
    },
  });
  assert.deepEqual([code, stdout, sent.length], [exitCodes.interrupted, '', 2]);
  assert.equal(stderr, 'tenant/a unchanged\ninterrupted\nresource: tenant/b\nnot requested: tenant/c, tenant/d\n');
});
