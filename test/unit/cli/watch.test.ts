import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { ApiError } from '../../../client/api-error.ts';
import { problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { parseTenantFilter } from '../../../domain/tenant-filter.ts';
import type { TenantFilterText } from '../../../domain/tenant-filter.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun } from '../../harness/in-memory-cli.ts';

interface Asked {
  readonly params?: { readonly name?: string };
  readonly query?: TenantFilterText;
}

/** Watches an API with a tenant acme, which goes through the lifecycles; then interrupts the watch. */
async function watch(reference: string, ...lifecycles: readonly string[]): Promise<CliRun> {
  const interruption = new AbortController();
  const tenantIn = (lifecycle: string | undefined, revision: number) => ({
    metadata: { name: 'acme', uid: 'u', revision },
    status: { lifecycle },
  });
  const shows = (query: TenantFilterText = {}, lifecycle: string | undefined): boolean =>
    parseTenantFilter(query).lifecycles.some((state) => state === lifecycle);
  const client = {
    server: '',
    call(route: string, { params, query }: Asked = {}) {
      const { status, title, fix, retryable } = problems.not_found;
      if (route === 'getTenant' && params?.name !== 'acme')
        return Promise.reject(
          new ApiError({
            type: '',
            code: 'not_found',
            status,
            title,
            detail: 'it does not exist',
            fix,
            retryable,
            requestId: 'r',
          }),
        );
      const tenant = tenantIn(lifecycles[0], 1);
      return Promise.resolve({
        body: route === 'getTenant' ? tenant : { items: shows(query, lifecycles[0]) ? [tenant] : [] },
      });
    },
    async stream(
      _stream: string,
      {
        query: { name: _name, ...query } = {},
      }: { readonly query?: TenantFilterText & { readonly name?: string } } = {},
    ) {
      return (async function* () {
        yield { event: 'bookmark', id: '1', data: {} };
        for (const [index, lifecycle] of lifecycles.entries()) {
          await Promise.resolve();
          yield shows(query, lifecycle)
            ? { event: 'tenant', id: 'n', data: tenantIn(lifecycle, index + 1) }
            : { event: 'gone', id: 'n', data: { uid: 'u' } };
        }
        interruption.abort();
      })();
    },
  };
  const environment = { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' };
  return runInMemory(['get', reference, '-w', '-o', 'json'], {
    environment,
    interrupted: interruption.signal,
    createClient: () => client as unknown as ApiClient,
  });
}

test('a tenant that is gone is a line of the output too, for scripts', async () => {
  const { stdout } = await watch('tenants', 'Active', 'Deleted');
  assert.deepEqual(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''), {
    kind: 'Tenant',
    metadata: { name: 'acme', uid: 'u' },
    gone: true,
  });
});

test('a tenant that disappears while the stream is lost is reported when all are listed again', async () => {
  const interruption = new AbortController();
  const lists = [['acme', 'globex'], ['globex']];
  const tenant = (name: string) => ({ metadata: { name, uid: `uid-${name}`, revision: 1 }, status: {} });
  let streams = 0;
  const client = {
    server: '',
    call: () => Promise.resolve({ body: { items: lists.shift()?.map(tenant) } }),
    stream() {
      streams += 1;
      if (streams === 2)
        return Promise.reject(
          new ApiError({ ...problems.watch_expired, type: '', code: 'watch_expired', detail: '', requestId: 'r' }),
        );
      return Promise.resolve(
        (async function* () {
          yield await Promise.resolve({ event: 'bookmark', id: '1', data: {} });
          if (streams === 3) interruption.abort();
        })(),
      );
    },
  };
  const { stdout } = await runInMemory(['get', 'tenants', '-w', '-o', 'name'], {
    environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' },
    interrupted: interruption.signal,
    createClient: () => client as unknown as ApiClient,
  });
  assert.equal(stdout, 'tenant/acme\ntenant/globex\ntenant/acme\ntenant/globex\n', 'acme again, because it is gone');
});

const lifecyclesIn = (stdout: string): readonly string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { status: { lifecycle: string } }).status.lifecycle);

test('a watch of one tenant shows it while it is Deleted, before that and after', async () => {
  const deleted = await watch('tenant/acme', 'Active', 'Deleted', 'Suspended');
  assert.deepEqual(lifecyclesIn(deleted.stdout), ['Active', 'Deleted', 'Suspended']);
  assert.equal(deleted.stderr, 'interrupted\n', 'a tenant that can be restored is not reported as gone');
  assert.deepEqual(lifecyclesIn((await watch('tenant/acme', 'Deleted')).stdout), ['Deleted']);
  assert.deepEqual(
    (await watch('tenants', 'Active', 'Deleted')).stderr,
    'tenant/acme is gone\ninterrupted\n',
    'a watch of all tenants covers only those that a list contains',
  );
});

test('a tenant that does not exist is not waited for', async () => {
  const { code, stdout, stderr } = await watch('tenant/acmee', 'Active');
  assert.deepEqual([code, stdout], [exitCodes.notFound, '']);
  assert.match(stderr, /^error: The resource does not exist/);
});
