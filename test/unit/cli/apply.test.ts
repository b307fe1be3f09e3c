import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { ApiError } from '../../../client/api-error.ts';
import { problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun, CliSetting } from '../../harness/in-memory-cli.ts';

function problem(code: ProblemCode): ApiError {
  const { status, title, fix, retryable } = problems[code];
  return new ApiError({ type: '', code, title, status, detail: 'so it is', fix, requestId: 'r', retryable });
}

const manifests = (names: readonly string[]): string =>
  names
    .map(
      (name) =>
        `apiVersion: tenure/v1\nkind: Tenant\nmetadata: {name: ${name}}\nspec: {plan: small, lifecycle: Active, services: [{name: shop, collections: [{name: orders}]}]}\n`,
    )
    .join('---\n');

interface Fake {
  /** What each read of a tenant's operation finds; the last one repeats. Default: succeeded. */
  readonly looks?: Readonly<Record<string, readonly ('running' | 'succeeded' | 'failed')[]>>;
  readonly refused?: string;
  readonly refusedBy?: ProblemCode;
  /** Called before each read is answered. */
  readonly onLook?: (name: string) => void;
  /** A tenant that cannot be read again. */
  readonly unreadable?: string;
}

/** Applies tenants that do not exist yet, each with an operation `op-NAME`. */
function apply(
  names: readonly string[],
  argv: readonly string[],
  { looks = {}, refused, refusedBy = 'policy_refused', onLook, unreadable }: Fake,
  setting: CliSetting = {},
): Promise<CliRun> {
  const applied = new Set<string>();
  const taken = new Map<string, number>();
  const operation = (name: string, state: string) => ({
    id: `op-${name}`,
    kind: 'activate',
    tenant: { name },
    state,
    done: state !== 'running',
    progress: { done: 0, total: 1 },
    steps: [],
    requestId: 'r',
  });
  const call = async (
    route: string,
    {
      params,
      query,
      body,
      signal,
    }: {
      readonly params: { readonly name: string; readonly id: string };
      readonly query?: { readonly timeoutSeconds?: number };
      readonly body?: { readonly metadata: object };
      readonly signal?: AbortSignal;
    },
  ) => {
    await Promise.resolve();
    signal?.throwIfAborted();
    const { name } = params;
    if (route === 'waitOperation') {
      const tenant = params.id.replace('op-', '');
      onLook?.(tenant);
      signal?.throwIfAborted();
      const turn = taken.get(tenant) ?? 0;
      taken.set(tenant, turn + 1);
      const course = looks[tenant] ?? ['succeeded'];
      const state = course[Math.min(turn, course.length - 1)] ?? 'succeeded';
      if (state === 'running')
        await delay((query?.timeoutSeconds ?? 0) * 1000, undefined, signal === undefined ? {} : { signal });
      return { status: 200, body: operation(tenant, state) };
    }
    if (route === 'getTenant') {
      if (!applied.has(name) || name === unreadable) throw problem('not_found');
      return { status: 200, etag: '"2"', body: { kind: 'Tenant', metadata: { name, revision: 2 } } };
    }
    if (name === refused) throw problem(refusedBy);
    applied.add(name);
    return {
      status: 200,
      body: { tenant: { ...body, metadata: { name, revision: 1 } }, operation: operation(name, 'running') },
    };
  };
  const createClient = () => ({ server: '', call }) as unknown as ApiClient;
  return runInMemory(['apply', '-f', '-', ...argv], {
    stdin: manifests(names),
    environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' },
    createClient,
    ...setting,
  });
}

const revisions = (stdout: string): unknown =>
  (JSON.parse(stdout) as { items: { metadata: { name: string; revision: number } }[] }).items.map(
    ({ metadata }) => `${metadata.name}@${metadata.revision}`,
  );

test('a failed operation is reported in full if another one times out or Ctrl-C ends the wait', async () => {
  const looks = { a: ['failed'], b: ['running'] } as const;
  const late = await apply(['a', 'b'], ['--wait', '--timeout', '30ms'], { looks });
  assert.equal(late.code, exitCodes.waitTimeout);
  assert.match(
    late.stderr,
    /^error: activate of tenant\/a failed\nresource: tenant\/a \(stdin:3:18\)\n(?:.*\n)*error: timed out after 30ms\noperation\/op-b keeps running; to resume waiting: tenure wait operation\/op-b\n$/m,
  );
  const interruption = new AbortController();
  const interrupted = await apply(
    ['a', 'b'],
    ['--wait', '-o', 'json'],
    { looks, onLook: (name) => void (name === 'b' && interruption.abort()) },
    { interrupted: interruption.signal },
  );
  assert.deepEqual([interrupted.code, interrupted.stdout], [exitCodes.interrupted, '']);
  assert.match(
    interrupted.stderr,
    /^error: activate of tenant\/a failed\n(?:.*\n)*no longer waiting\noperation\/op-b keeps running; to resume waiting: tenure wait operation\/op-b\n$/m,
  );
});

test('on a timeout, operations that ended behind the slow one are reported as they ended', async () => {
  const late = await apply(['slow', 'good', 'bad'], ['--wait', '--timeout', '30ms'], {
    looks: { slow: ['running'], bad: ['failed'] },
  });
  assert.equal(late.code, exitCodes.waitTimeout);
  assert.match(late.stdout, /^operation\/op-good \(activate\) succeeded\noperation\/op-bad \(activate\) failed\n$/m);
  assert.match(late.stderr, /^error: activate of tenant\/bad failed\n/m);
  assert.deepEqual(late.stderr.match(/^operation\/.*keeps running.*$/gm), [
    'operation/op-slow keeps running; to resume waiting: tenure wait operation/op-slow',
  ]);
  const justInTime = await apply(['slow'], ['--wait', '--timeout', '30ms'], {
    looks: { slow: ['running', 'running', 'succeeded'] },
  });
  assert.equal(justInTime.code, exitCodes.ok, justInTime.stderr);
  assert.match(justInTime.stdout, /^operation\/op-slow \(activate\) succeeded\n$/m);
});

test('the others are applied, waited for and printed after a refusal; the refused one is listed last', async () => {
  const names = ['a', 'no', 'c'];
  const waited = await apply(names, ['--wait', '-o', 'json'], {
    refused: 'no',
    looks: { a: ['running', 'succeeded'] },
  });
  assert.deepEqual([waited.code, revisions(waited.stdout)], [exitCodes.denied, ['a@2', 'c@2']]);
  assert.match(
    waited.stderr,
    /^operation\/op-a \(activate\) succeeded\n\{.*\}\noperation\/op-c \(activate\) succeeded\nerror: Policy denies (?:.*\n)*not applied: tenant\/no\n$/m,
  );
  const failed = await apply(names, ['--wait'], { refused: 'no', looks: { a: ['failed'] } });
  assert.equal(failed.code, exitCodes.denied, 'the highest of both exit codes');
  assert.match(
    failed.stderr,
    /^error: Policy denies (?:.*\n)*error: activate of tenant\/a failed\n(?:.*\n)*not applied: tenant\/no\n$/m,
  );
  const named = await apply(names, ['-o', 'name'], { refused: 'no' });
  assert.deepEqual([named.code, named.stdout], [exitCodes.denied, 'tenant/a\ntenant/c\n']);
  const nothing = await apply(['a'], ['--wait', '-o', 'json'], { refused: 'a' });
  assert.deepEqual([nothing.code, nothing.stdout], [exitCodes.denied, '']);
});

test('an error that would affect every manifest ends the command', async () => {
  for (const [code, exit] of [
    ['unauthenticated', exitCodes.denied],
    ['control_unavailable', exitCodes.unavailable],
  ] as const) {
    const { code: ended, stdout, stderr } = await apply(['a', 'no', 'c', 'd'], [], { refused: 'no', refusedBy: code });
    assert.deepEqual([ended, stdout], [exit, 'tenant/a created\noperation/op-a (activate) running\n']);
    assert.match(stderr, /\nnot applied: tenant\/no, tenant\/c, tenant\/d\n$/);
  }
});

test('a tenant that cannot be read after the wait is printed as it was answered, and the command fails', async () => {
  const { code, stdout, stderr } = await apply(['a', 'gone', 'c'], ['--wait', '-o', 'json'], { unreadable: 'gone' });
  assert.deepEqual([code, revisions(stdout)], [exitCodes.notFound, ['a@2', 'gone@1', 'c@1']]);
  assert.match(stderr, /^error: The resource does not exist: .*\nresource: tenant\/gone /m);
});
