import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation, Who } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { showCells } from '../../harness/seen-cells.ts';

let installation: SharedInstallation;
let exchange: Exchange;
const names = Array.from({ length: 25 }, (_, index) => `tenant-${String(index).padStart(2, '0')}`);
const uids = new Map<string, string>();

before(async () => {
  installation = await borrowInstallation(attachToStack(), { worker: false });
  exchange = createExchange(installation);
  const api = installation.client();
  await declareBasics(api);
  await showCells(installation);
  await Promise.all(
    names.toReversed().map(async (name, index) => {
      // Some run an operation, so that operations have pages too.
      const { body } = await api.call('createTenant', {
        body: tenantManifest(name, index < 7 ? { lifecycle: 'Active' } : {}),
      });
      uids.set(name, body.tenant.metadata.uid);
    }),
  );
});
after(() => installation.stop());

interface Page {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
  readonly nextPageToken?: string;
}

const read = async (path: string, who?: Who): Promise<Page> => {
  const answer = await exchange({ path, ...(who === undefined ? {} : { who }) });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Page>();
};

async function readAll(path: string, who?: Who): Promise<{ readonly sizes: number[]; readonly names: string[] }> {
  const sizes: number[] = [];
  const found: string[] = [];
  for (let page = await read(path, who); ; page = await read(`${path}&pageToken=${page.nextPageToken}`, who)) {
    sizes.push(page.items.length);
    found.push(...page.items.map((item) => item.metadata.name));
    if (page.nextPageToken === undefined) return { sizes, names: found };
  }
}

test('pages of ten hold every tenant once, in the order of names, and the last has no token', async () => {
  assert.deepEqual(await readAll('/v1/tenants?pageSize=10'), { sizes: [10, 10, 5], names });
  assert.deepEqual((await readAll('/v1/tenants?pageSize=25')).sizes, [25], 'a full page can be the last');
  assert.deepEqual((await readAll('/v1/tenants?pageSize=1')).names, names);
});

test('the page size may change from page to page', async () => {
  const first = await read('/v1/tenants?pageSize=3');
  const second = await read(`/v1/tenants?pageSize=20&pageToken=${first.nextPageToken}`);
  assert.deepEqual(
    second.items.map((item) => item.metadata.name),
    names.slice(3, 23),
  );
});

test('tenants that are created while a list is read neither repeat nor hide others', async () => {
  const first = await read('/v1/tenants?pageSize=10');
  for (const name of ['tenant-00a', 'zz-last'])
    await installation.client().call('createTenant', { body: tenantManifest(name) });
  const rest = await read(`/v1/tenants?pageSize=100&pageToken=${first.nextPageToken}`);
  assert.deepEqual(
    rest.items.map((item) => item.metadata.name),
    [...names.slice(10), 'zz-last'],
  );
});

test('the list of a confined caller has its own pages', async () => {
  const mine = names.filter((_, index) => index % 2 === 0);
  const who = { roles: ['tenant-admin'], tenants: mine.map((name) => uids.get(name)!) };
  assert.deepEqual(await readAll('/v1/tenants?pageSize=5', who), { sizes: [5, 5, 3], names: mine });
});

test('a page token of another list, filter or caller, or one that was changed, is refused', async () => {
  const token = (await read('/v1/tenants?pageSize=10')).nextPageToken!;
  const who = { roles: ['viewer'], tenants: [...uids.values()] };
  const ofConfined = (await read('/v1/tenants?pageSize=10', who)).nextPageToken!;
  const ofOperations = (await read('/v1/operations?pageSize=2')).nextPageToken!;
  const ofAccepted = (await read('/v1/operations?pageSize=2&state=accepted')).nextPageToken!;
  const bytes = Buffer.from(token, 'base64url');
  const changed = Buffer.from(bytes);
  changed.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
  const wrong: readonly { readonly path: string; readonly who?: Who }[] = [
    { path: `/v1/plans?pageToken=${token}` },
    { path: `/v1/regions?pageToken=${token}` },
    { path: `/v1/operations?pageToken=${token}` },
    { path: `/v1/tenants?pageToken=${ofOperations}` },
    { path: `/v1/tenants?pageToken=${ofConfined}` },
    { path: `/v1/tenants?pageToken=${token}`, who },
    { path: `/v1/operations?state=running&pageToken=${ofAccepted}` },
    { path: `/v1/operations?pageToken=${ofAccepted}` },
    { path: `/v1/operations?tenant=tenant-24&pageToken=${ofOperations}` },
    { path: `/v1/tenants?pageToken=${changed.toString('base64url')}` },
    { path: `/v1/tenants?pageToken=${token.slice(0, -4)}` },
    { path: `/v1/tenants?pageToken=${token}AAAA` },
    { path: `/v1/tenants?pageToken=${token}!` },
    { path: `/v1/tenants?pageToken=${Buffer.from('tenant-09').toString('base64url')}` },
    { path: '/v1/tenants?pageToken=' },
  ];
  for (const request of wrong) {
    const answer = await exchange(request);
    assert.equal(answer.status, 400, `${request.path}: ${answer.text}`);
    assert.equal(answer.problem().code, 'page_token_invalid');
  }
  assert.equal(
    (await exchange({ path: `/v1/tenants?pageToken=${token}` })).status,
    200,
    'the unchanged token is valid',
  );
});

test('operations are listed newest first, filtered by tenant and by state', async () => {
  const pages: string[] = [];
  let next: string | undefined;
  do {
    const page = (
      await exchange({ path: `/v1/operations?pageSize=3${next === undefined ? '' : `&pageToken=${next}`}` })
    ).json<RouteAnswer<'listOperations'>>();
    pages.push(...page.items.map((operation) => operation.id));
    next = page.nextPageToken;
  } while (next !== undefined);
  assert.equal(pages.length, 7);
  assert.deepEqual(pages, pages.toSorted().toReversed());
  const ofOne = (await exchange({ path: '/v1/operations?tenant=tenant-24' })).json<RouteAnswer<'listOperations'>>();
  assert.deepEqual(
    ofOne.items.map((operation) => operation.tenant.name),
    ['tenant-24'],
  );
  assert.deepEqual((await exchange({ path: '/v1/operations?state=failed' })).json(), { items: [] });
  assert.equal((await exchange({ path: '/v1/operations?tenant=nowhere' })).status, 404);
});
