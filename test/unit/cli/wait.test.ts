import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { ApiError } from '../../../client/api-error.ts';
import { problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { parseTenantCondition } from '../../../cli/operations/tenant-condition.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun } from '../../harness/in-memory-cli.ts';

interface Look {
  /** Absent: the tenant does not exist. */
  readonly lifecycle?: string;
  /** Its running operation, or the last one. */
  readonly operation?: string;
}

/** Waits until acme is Suspended. Each read gives the next of `looks`, and its operations end as `ends` says. */
async function waitForSuspended(
  looks: readonly Look[],
  ends: Readonly<Record<string, 'succeeded' | 'cancelled'>>,
  ...options: readonly string[]
): Promise<CliRun> {
  const left = [...looks];
  const client = {
    server: '',
    call(route: string, { params: { id = '' } = {} }: { readonly params?: { readonly id?: string } } = {}) {
      if (route === 'waitOperation')
        return Promise.resolve({
          body: {
            id,
            kind: 'suspend',
            tenant: { name: 'acme' },
            state: ends[id],
            done: true,
            progress: { done: 1, total: 1 },
            steps: [],
            requestId: 'r',
          },
        });
      const look = left.shift();
      assert.ok(look !== undefined, 'the tenant is read more often than expected');
      const { lifecycle, operation } = look;
      if (lifecycle === undefined)
        return Promise.reject(
          new ApiError({
            ...problems.not_found,
            type: '',
            code: 'not_found',
            detail: 'it does not exist',
            requestId: 'r',
          }),
        );
      return Promise.resolve({
        body: {
          metadata: { name: 'acme' },
          status: { lifecycle, conditions: [], ...(operation === undefined ? {} : { operation: { id: operation } }) },
        },
      });
    },
  };
  return runInMemory(['wait', 'tenant/acme', '--for=lifecycle=Suspended', ...options], {
    environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' },
    createClient: () => client as unknown as ApiClient,
  });
}

test('if an operation was preempted, the one that replaces it is waited for', async () => {
  const { code, stdout, stderr } = await waitForSuspended(
    [
      { lifecycle: 'Active', operation: 'preempted' },
      { lifecycle: 'Active', operation: 'next' },
      { lifecycle: 'Active', operation: 'next' },
      { lifecycle: 'Suspended' },
    ],
    { preempted: 'cancelled', next: 'succeeded' },
  );
  assert.deepEqual(
    [code, stdout],
    [exitCodes.ok, 'tenant/acme reached the condition: lifecycle is Suspended\n'],
    stderr,
  );
});

test('an operation that failed and has no successor ends the wait', async () => {
  for (const after of [{ lifecycle: 'Active' }, { lifecycle: 'Active', operation: 'alone' }]) {
    const { code, stderr } = await waitForSuspended([{ lifecycle: 'Active', operation: 'alone' }, after], {
      alone: 'cancelled',
    });
    assert.equal(code, exitCodes.operationFailed);
    assert.match(stderr, /^error: suspend of tenant\/acme cancelled$/m);
  }
});

test('a tenant that does not exist yet is waited for', async () => {
  const { code, stdout, stderr } = await waitForSuspended([{}, {}, { lifecycle: 'Suspended' }], {});
  assert.deepEqual(
    [code, stdout, stderr],
    [
      exitCodes.ok,
      'tenant/acme reached the condition: lifecycle is Suspended\n',
      'tenant/acme does not exist yet; waiting for it\n',
    ],
  );
});

test('a tenant that still does not exist at the timeout is reported as such', async () => {
  const { code, stdout, stderr } = await waitForSuspended([{}], {}, '--timeout=1ms');
  assert.deepEqual([code, stdout], [exitCodes.waitTimeout, '']);
  assert.match(
    stderr,
    /^error: timed out after 1ms\ntenant\/acme: it does not exist yet\nto resume waiting: tenure wait tenant\/acme --for=lifecycle=Suspended$/m,
  );
});

test('a condition can be written in upper or lower case, as for kubectl', () => {
  const tenant = {
    metadata: { generation: 1 },
    status: {
      lifecycle: 'Active',
      observedGeneration: 1,
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'InSync', status: 'False' },
      ],
    },
  } as unknown as Tenant;
  for (const text of ['Ready', 'ready', 'condition=ready', 'condition=READY=true', 'condition=insync=false'])
    assert.ok(parseTenantCondition(text).holds(tenant), text);
  for (const text of ['condition=ready=false', 'condition=insync', 'condition=Placed'])
    assert.ok(!parseTenantCondition(text).holds(tenant), text);
});
