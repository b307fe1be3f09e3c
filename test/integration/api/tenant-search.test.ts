import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { readEntries } from '../../harness/control-data.ts';
import { createExchange } from '../../harness/http-exchange.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import { borrowInstallation } from '../../harness/installation.ts';
import type { SharedInstallation, Who } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';

let installation: SharedInstallation;
let exchange: Exchange;

const total = 250;
const nameOf = (index: number): string => `tenant-${String(index).padStart(3, '0')}`;
const uids = new Map<string, string>();
/** The labels env and tier, which repeat every 12 tenants, and canary, which every hundredth tenant has. */
const labelsOf = (index: number): Record<string, string> => ({
  env: index % 3 === 0 ? 'prod' : 'dev',
  ...(index % 4 === 3 ? {} : { tier: ['gold', 'silver', ''][index % 4] ?? '' }),
  ...(index % 100 === 0 ? { canary: 'a, (b)' } : {}),
});
const planOf = (index: number): string => (index % 2 === 0 ? 'startup' : 'enterprise');

const manifestOf = (index: number) => {
  const manifest = tenantManifest(nameOf(index), { plan: planOf(index) });
  return { ...manifest, metadata: { ...manifest.metadata, labels: labelsOf(index) } };
};

before(async () => {
  installation = await borrowInstallation(attachToStack(), { worker: false });
  exchange = createExchange(installation);
  const api = installation.client();
  await declareBasics(api);
  const { spec } = (await api.call('getPlan', { params: { name: 'startup' } })).body;
  await api.call('putPlan', {
    params: { name: 'enterprise' },
    ifNoneMatch: '*',
    body: { apiVersion: 'tenure/v1', kind: 'Plan', metadata: { name: 'enterprise' }, spec },
  });
  for (let from = 0; from < total; from += 25) {
    await Promise.all(
      Array.from({ length: 25 }, async (_, at) => {
        const { body } = await api.call('createTenant', { body: manifestOf(from + at) });
        uids.set(nameOf(from + at), body.tenant.metadata.uid);
      }),
    );
  }
  // States that no route can reach here.
  const { store } = installation;
  for (const [index, lifecycle] of [
    [1, 'Active'],
    [2, 'Suspended'],
    [3, 'Archived'],
    [4, 'Deleted'],
    [7, 'Deleted'],
  ] as const) {
    const tenant = await store.resources.find('Tenant', nameOf(index));
    assert.ok(tenant !== undefined);
    const placement = {
      region: index < 3 ? 'eu-west-1' : 'us-east-1',
      cell: 'c',
      mode: 'dedicated' as const,
      database: 'd',
    };
    const conditions = [
      {
        type: 'Ready',
        status: lifecycle === 'Active' ? ('True' as const) : ('False' as const),
        reason: 'Test',
        message: '',
        observedGeneration: 1,
        lastTransitionTime: tenant.createTime.toISOString(),
      },
    ];
    await store.commit(async (tx) => ({
      result: await store.resources.replace(tx, tenant.revision, {
        ...tenant,
        revision: tenant.revision + 1,
        lifecycle,
        placement,
        conditions,
      }),
      entries: [
        {
          actor: { subject: 'test', roles: [] },
          requestId: 'r',
          correlationId: 'c',
          tenant: tenant._id,
          action: 'tenant.update',
          target: { kind: 'Tenant' },
          outcome: 'succeeded',
        },
      ],
    }));
  }
});
after(() => installation.stop());

type Query = Readonly<Record<string, string | number>>;
type Page = RouteAnswer<'listTenants'>;

const pathOf = (query: Query): string =>
  `/v1/tenants?${new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)] as [string, string])).toString()}`;

async function page(query: Query, who?: Who): Promise<Page> {
  const answer = await exchange({ path: pathOf(query), ...(who === undefined ? {} : { who }) });
  assert.equal(answer.status, 200, answer.text);
  return answer.json<Page>();
}

async function readAll(
  query: Query,
  who?: Who,
  between: (page: number) => Promise<unknown> = () => Promise.resolve(),
): Promise<Tenant[]> {
  const found: Tenant[] = [];
  let token: string | undefined;
  for (let count = 1; ; count += 1) {
    const { items, nextPageToken } = await page(
      { ...query, ...(token === undefined ? {} : { pageToken: token }) },
      who,
    );
    found.push(...items);
    if (nextPageToken === undefined) return found;
    token = nextPageToken;
    await between(count);
  }
}

const names = (tenants: readonly Tenant[]): string[] => tenants.map(({ metadata }) => metadata.name);
const where = (fits: (index: number) => boolean, deleted = false): string[] =>
  Array.from({ length: total }, (_, index) => index)
    .filter((index) => (deleted || (index !== 4 && index !== 7)) && fits(index))
    .map(nameOf);

const filters: readonly (readonly [Query, fits: (index: number) => boolean, deleted?: boolean])[] = [
  [{}, () => true],
  [{ showDeleted: 'false' }, () => true],
  [{ showDeleted: 'true' }, () => true, true],
  [{ lifecycle: 'Deleted' }, (index) => index === 4 || index === 7, true],
  [{ lifecycle: 'Active,Suspended,Deleted' }, (index) => [1, 2, 4, 7].includes(index), true],
  [{ plan: 'enterprise' }, (index) => index % 2 === 1],
  [{ plan: 'nobodys' }, () => false],
  [{ region: 'eu-west-1' }, (index) => index === 1 || index === 2],
  [{ namePrefix: 'tenant-01' }, (index) => index >= 10 && index < 20],
  [{ namePrefix: 'tenant-249' }, (index) => index === 249],
  [{ namePrefix: '' }, () => true],
  [{ condition: 'Ready=True' }, (index) => index === 1],
  [{ condition: 'Ready!=True', showDeleted: 'true' }, (index) => index !== 1, true],
  [{ condition: 'Ready=Unknown' }, () => false],
  [{ condition: 'IsolationVerified=Unknown,Ready=False', region: 'us-east-1' }, (index) => index === 3],
  [{ labelSelector: 'env=prod' }, (index) => index % 3 === 0],
  [{ labelSelector: 'env!=prod' }, (index) => index % 3 !== 0],
  [{ labelSelector: 'tier' }, (index) => index % 4 !== 3],
  [{ labelSelector: '!tier' }, (index) => index % 4 === 3],
  [{ labelSelector: 'tier=' }, (index) => index % 4 === 2],
  [{ labelSelector: 'tier in (gold,silver)' }, (index) => index % 4 < 2],
  [{ labelSelector: 'tier notin (gold,silver)' }, (index) => index % 4 >= 2],
  [{ labelSelector: 'canary="a, (b)"' }, (index) => index % 100 === 0],
  [{ labelSelector: 'env=prod,env=dev' }, () => false],
  [
    {
      labelSelector: 'env=prod,tier in (gold,silver),!canary',
      plan: 'startup',
      lifecycle: 'Draft',
      namePrefix: 'tenant-1',
      condition: 'Ready=False',
    },
    (index) => index % 3 === 0 && index % 4 === 0 && index !== 100 && index >= 100 && index < 200,
  ],
];

for (const [query, fits, deleted] of filters) {
  test(`a list filtered by ${JSON.stringify(query)} holds exactly the matching tenants, in pages of any size`, async () => {
    const expected = where(fits, deleted);
    for (const pageSize of [7, 100, 500]) assert.deepEqual(names(await readAll({ ...query, pageSize })), expected);
  });
}

test('a confined caller filters its own tenants and does not see others', async () => {
  const own = [5, 6, 9, 12].map(nameOf);
  const who = { roles: ['tenant-admin'], tenants: own.map((name) => uids.get(name) ?? '') };
  assert.deepEqual(names(await readAll({ labelSelector: 'env=prod', pageSize: 1 }, who)), [6, 9, 12].map(nameOf));
  assert.deepEqual(await page({ namePrefix: 'tenant-2' }, who), { items: [] });
});

const bad: readonly (readonly [Query, pointer: string, says: RegExp])[] = [
  [{ labelSelector: 'env=prod,,tier' }, '/labelSelector', /^position 10: expected a label key, found ","$/],
  [{ labelSelector: 'env in (a' }, '/labelSelector', /^position 10: /],
  [{ labelSelector: 'x'.repeat(2049) }, '/labelSelector', /2048/],
  [{ lifecycle: 'Alive' }, '/lifecycle', /"Alive"/],
  [{ plan: 'Not A Name' }, '/plan', /DNS label/],
  [{ region: '' }, '/region', /./],
  [{ namePrefix: 'Tenant' }, '/namePrefix', /name/],
  [{ condition: 'Ready' }, '/condition', /"Ready" is not a condition/],
  [{ showDeleted: 'yes' }, '/showDeleted', /./],
];
for (const [query, pointer, says] of bad) {
  test(`refused with a pointer and a message: ${JSON.stringify(query).slice(0, 60)}`, async () => {
    const entries = (await readEntries(installation)).length;
    const problem = (await exchange({ path: pathOf(query) })).problem();
    assert.equal(problem.code, 'request_invalid');
    const flaw = problem.errors?.find((one) => one.pointer === pointer);
    assert.match(flaw?.message ?? '', says);
    assert.equal((await readEntries(installation)).length, entries);
  });
}

test('a page token is valid only for its own filter, however the filter is written', async () => {
  const token = (await page({ labelSelector: 'env=prod', lifecycle: 'Draft,Active', pageSize: 5 })).nextPageToken ?? '';
  const others: readonly Query[] = [
    {},
    { labelSelector: 'env=dev', lifecycle: 'Draft,Active' },
    { labelSelector: 'env=prod' },
    { labelSelector: 'env=prod', lifecycle: 'Draft,Active', plan: 'startup' },
    { labelSelector: 'env=prod', lifecycle: 'Draft,Active', namePrefix: 't' },
  ];
  for (const query of others) {
    const answer = await exchange({ path: pathOf({ ...query, pageSize: 5, pageToken: token }) });
    assert.equal(answer.problem().code, 'page_token_invalid', JSON.stringify(query));
  }
  assert.equal(
    (await page({ labelSelector: ' env == prod', lifecycle: 'Active,Draft', pageSize: 50, pageToken: token })).items
      .length,
    50,
  );
});

test('pages of a filter hold each tenant that always matches exactly once, while others are created and changed', async () => {
  const api = installation.client();
  const steady = where((index) => index % 3 === 0 && index % 10 !== 0);
  const change = async (count: number): Promise<void> => {
    // Some start to match, some stop, some are new; each before and after the position of the reader.
    await Promise.all(
      [count * 10, total - count * 10]
        .filter((index) => index > 0 && index < total)
        .map(async (index) => {
          const manifest = manifestOf(index);
          const env = index % 3 === 0 ? 'dev' : 'prod';
          await api.call('putTenant', {
            params: { name: nameOf(index) },
            ifMatch: '*',
            body: { ...manifest, metadata: { ...manifest.metadata, labels: { ...labelsOf(index), env } } },
          });
          const name = `${nameOf(index)}-new-${count}`;
          await api.call('createTenant', { body: { ...manifest, metadata: { name, labels: { env: 'prod' } } } });
        }),
    );
  };
  const found = names(await readAll({ labelSelector: 'env=prod', pageSize: 4 }, undefined, change));
  assert.deepEqual(found, found.toSorted(), 'in the order of names');
  assert.equal(new Set(found).size, found.length, 'no tenant is listed twice');
  assert.deepEqual(
    found.filter((name) => steady.includes(name)),
    steady,
    'no tenant that always matches is missing',
  );
  for (const name of found) assert.match(name, /^tenant-\d{3}(-new-\d+)?$/);
});
