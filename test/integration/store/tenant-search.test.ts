import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as fc from 'fast-check';
import { lifecycleStates } from '../../../contracts/lifecycle.ts';
import { conditionStatuses, tenantSpecSchema } from '../../../contracts/manifests/tenant.ts';
import { conditionTypes } from '../../../domain/conditions.ts';
import { parseTenantFilter } from '../../../domain/tenant-filter.ts';
import type { TenantFilter } from '../../../domain/tenant-filter.ts';
import { controlDatabase } from '../../../store/control-database.ts';
import type { StoredResource, TenantDocument } from '../../../store/documents.ts';
import { createTenantSearch } from '../../../store/tenant-search.ts';
import type { TenantSearch } from '../../../store/tenant-search.ts';
import { withoutSearchKeys } from '../../../store/tenant-search-keys.ts';
import { draftTenant } from '../../../store/tenants.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { anyEntry, insertDraft, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { askings, filterText, fits, labelKeys, labelValues, plans, regions } from '../../harness/tenant-filters.ts';
import type { Asked } from '../../harness/tenant-filters.ts';

let opened: ControlStore;
/** Examines three documents at a time, so that nearly every search stops and continues. */
let shortOfBreath: TenantSearch;
let tenants: TenantDocument[];

const rollOf = fc.record({
  lifecycle: fc.constantFrom(...lifecycleStates),
  plan: fc.constantFrom(...plans),
  region: fc.constantFrom(...regions, undefined),
  labels: fc.dictionary(labelKeys, labelValues, { maxKeys: 4, noNullPrototype: true }),
  statuses: fc.array(fc.constantFrom(...conditionStatuses, undefined), { minLength: 2, maxLength: 2 }),
});

before(async () => {
  opened = await openControlStore(attachToStack());
  const { store, control, databases } = opened;
  shortOfBreath = createTenantSearch(controlDatabase(control, databases), { maxExamined: 3 });
  const { services } = tenantSpecSchema.parse(tenantManifest('any').spec);
  const rolls = fc.sample(rollOf, { numRuns: 120, seed: 7 });
  tenants = await store.commit(async (tx) => {
    const made: TenantDocument[] = [];
    for (const [index, { lifecycle, plan, region, labels, statuses }] of rolls.entries()) {
      const draft = draftTenant(
        store.newId(),
        `${index % 5 === 0 ? 'u' : 't'}${index}`,
        { labels, annotations: {}, spec: { plan, services } },
        tx.time,
      );
      const conditions = statuses.flatMap((status, at) =>
        status === undefined
          ? []
          : [
              {
                type: conditionTypes[at] ?? '',
                status,
                reason: 'Any',
                message: '',
                observedGeneration: 1,
                lastTransitionTime: tx.time.toISOString(),
              },
            ],
      );
      const placement =
        region === undefined ? null : { region, cell: `${region}-a`, mode: 'dedicated' as const, database: 'd' };
      made.push(await store.resources.insert(tx, { ...draft, lifecycle, placement, conditions }));
    }
    return { result: made, entries: [anyEntry(store.newId())] };
  });
  // A search for tenants must not find a plan, even if its name and labels match.
  await store.commit(async (tx) => {
    const { _id, storageVersion, labels, annotations, generation, revision, createTime, updateTime } = draftTenant(
      store.newId(),
      'tplan',
      { labels: { env: 'prod' }, annotations: {}, spec: { plan: '', services } },
      tx.time,
    );
    const plan = {
      _id,
      storageVersion,
      labels,
      annotations,
      generation,
      revision,
      createTime,
      updateTime,
      kind: 'Plan' as const,
      name: 'tplan',
      spec: { isolationModes: ['dedicated' as const], quotas: { tables: 1 } },
    };
    return { result: await store.resources.insert(tx, plan), entries: [anyEntry(_id)] };
  });
});
after(() => opened.close());

/** Reads every page to the end; each has tenants, or says where it stopped. */
async function searchAll(
  search: TenantSearch,
  filter: TenantFilter,
  limit: number,
  uids?: readonly string[],
): Promise<TenantDocument[]> {
  const found: TenantDocument[] = [];
  for (let position: string | undefined; ;) {
    const page = await search.search(filter, {
      limit,
      ...(position === undefined ? {} : { after: position }),
      ...(uids === undefined ? {} : { uids }),
    });
    found.push(...page.tenants);
    assert.ok(page.tenants.length <= limit);
    const next: string | undefined = page.tenants.length === limit ? page.tenants.at(-1)?.name : page.searchedTo;
    if (next === undefined) return found;
    assert.ok(position === undefined || next > position, 'each page continues after the one before');
    position = next;
  }
}

const byName = (a: TenantDocument, b: TenantDocument): number => (a.name < b.name ? -1 : 1);
const expected = (asked: Asked, of: readonly TenantDocument[] = tenants): TenantDocument[] =>
  of.filter((tenant) => fits(tenant, asked)).toSorted(byName);

test('a search finds every matching tenant once, in the order of names and as it was stored', async () => {
  const sizes: number[] = [];
  await fc.assert(
    fc.asyncProperty(askings, fc.constantFrom(1, 7, 200), async (asked, limit) => {
      const filter = parseTenantFilter(filterText(asked));
      const wanted = expected(asked);
      sizes.push(wanted.length);
      assert.deepEqual(await searchAll(opened.store.tenantSearch, filter, limit), wanted);
    }),
    { numRuns: 150 },
  );
  assert.ok(sizes.filter((size) => size > 0).length > 20, 'the filters match something often enough');
});

test('a search that stops and continues many times finds the same', async () => {
  await fc.assert(
    fc.asyncProperty(askings, fc.constantFrom(1, 2, 5, 50), async (asked, limit) => {
      assert.deepEqual(
        (await searchAll(shortOfBreath, parseTenantFilter(filterText(asked)), limit)).map(({ name }) => name),
        expected(asked).map(({ name }) => name),
      );
    }),
    { numRuns: 100 },
  );
  const { tenants: none, searchedTo } = await shortOfBreath.search(
    parseTenantFilter({ labelSelector: '!env,env', showDeleted: 'true' }),
    { limit: 5 },
  );
  assert.deepEqual(none, []);
  assert.ok(searchedTo !== undefined, 'one call does not examine everything');
});

test('a confined search finds the matching tenants among the given ones, and nothing else', async () => {
  await fc.assert(
    fc.asyncProperty(askings, fc.subarray(tenants.map(({ _id }) => _id)), async (asked, uids) => {
      assert.deepEqual(
        await searchAll(opened.store.tenantSearch, parseTenantFilter(filterText(asked)), 7, uids),
        expected(
          asked,
          tenants.filter(({ _id }) => uids.includes(_id)),
        ),
      );
    }),
    { numRuns: 50 },
  );
});

test('a tenant that is stored again is found by its new values, not by its old ones', async () => {
  const { store } = opened;
  const draft = await insertDraft(store, 'renewed');
  const find = async (text: Parameters<typeof parseTenantFilter>[0]) =>
    (await store.tenantSearch.search(parseTenantFilter({ namePrefix: 'renewed', ...text }), { limit: 9 })).tenants;
  assert.deepEqual(await find({ plan: 'startup', lifecycle: 'Draft' }), [draft]);
  const changed = await store.commit(async (tx) => ({
    result: await store.resources.replace(tx, 1, {
      ...draft,
      revision: 2,
      lifecycle: 'Active',
      labels: { env: 'prod' },
      spec: { ...draft.spec, plan: 'enterprise' },
    }),
    entries: [anyEntry(draft._id)],
  }));
  assert.deepEqual(await find({ plan: 'enterprise', lifecycle: 'Active', labelSelector: 'env=prod' }), [changed]);
  for (const text of [{ plan: 'startup' }, { lifecycle: 'Draft' }, { labelSelector: '!env' }])
    assert.deepEqual(await find(text), []);
  assert.deepEqual(await store.resources.find('Tenant', 'renewed'), changed, 'search keys are not part of a tenant');
});

test('starting processes add missing search keys to stored tenants, and change nothing else', async () => {
  const stored = opened.control.db(opened.databases.control).collection<StoredResource>('resources');
  const read = async () => ({
    tenants: await stored.find({}, { projection: withoutSearchKeys }).sort({ _id: 1 }).toArray(),
    keys: await stored
      .find({}, { projection: { facets: 1, facetScheme: 1 } })
      .sort({ _id: 1 })
      .toArray(),
    entries: await opened.control.db(opened.databases.control).collection('ledger').countDocuments(),
  });
  const before = await read();
  await stored.updateMany({ kind: 'Tenant', name: /[02468]$/ }, { $unset: { facets: true, facetScheme: true } });
  await stored.updateMany(
    { kind: 'Tenant', name: /[13]$/ },
    { $set: { facets: ['tenant', 'plan:of-old'], facetScheme: '0' } },
  );
  const everyOne = parseTenantFilter({ showDeleted: 'true', labelSelector: '!nobody' });
  const begun = [opened.another(), opened.another(), opened.another()];
  for (const store of begun)
    await assert.rejects(
      store.tenantSearch.search(everyOne, { limit: 5 }),
      { code: 'control_unavailable' },
      'an earlier search would miss some',
    );
  await Promise.all(begun.map((store) => store.prepare()));
  assert.deepEqual(await read(), before);
  for (const store of begun)
    assert.equal(
      (await searchAll(store.tenantSearch, everyOne, 50)).length,
      await stored.countDocuments({ kind: 'Tenant' }),
    );
});

test('what an older build stores is never found by old values; a later start adds its search keys', async () => {
  const stored = opened.control.db(opened.databases.control).collection<StoredResource>('resources');
  const draft = await insertDraft(opened.store, 'overtaken');
  const stopping = new AbortController();
  const olderBuild = (async () => {
    let revision = 1;
    for (; !stopping.signal.aborted; revision += 1) {
      await stored.replaceOne({ _id: draft._id, revision }, {
        ...draft,
        storageVersion: 2,
        revision: revision + 1,
        labels: { turn: String(revision) },
      } as unknown as StoredResource);
      const now = await stored.findOne({ _id: draft._id });
      if (now?.kind === 'Tenant' && now.facetScheme !== undefined)
        assert.ok(now.facets.includes(`label:turn=${revision}`), `at turn ${revision}: ${now.facets.join()}`);
    }
    return revision - 1;
  })();
  const store = opened.another();
  for (let start = 1; start <= 40; start += 1) await store.prepare();
  stopping.abort();
  const turn = await olderBuild;
  await store.prepare();
  const { tenants: found } = await store.tenantSearch.search(parseTenantFilter({ labelSelector: `turn=${turn}` }), {
    limit: 9,
  });
  assert.deepEqual(
    found.map(({ name }) => name),
    ['overtaken'],
  );
});

test('a search examines no more documents than its page needs and its limit allows', async () => {
  const { control, databases } = opened;
  const db = control.db(databases.control);
  const examined = async (work: () => Promise<unknown>): Promise<number> => {
    await db.command({ profile: 2 });
    try {
      await work();
    } finally {
      await db.command({ profile: 0 });
    }
    const ops = await db
      .collection('system.profile')
      .find({ ns: `${databases.control}.resources` })
      .toArray();
    await db.collection('system.profile').drop();
    return ops.reduce((sum, op) => sum + Number(op['docsExamined'] ?? 0), 0);
  };
  const search = (text: Parameters<typeof parseTenantFilter>[0]) => () =>
    opened.store.tenantSearch.search(parseTenantFilter(text), { limit: 10 });
  const rare = tenants.filter((tenant) => tenant.labels['notin'] === 'é' && tenant.lifecycle !== 'Deleted').length;
  assert.ok(
    (await examined(search({ labelSelector: 'notin="é",!nobody', condition: 'Ready!=True' }))) <= rare,
    'the search starts with the rarest facet',
  );
  assert.equal(await examined(search({ plan: 'startup', labelSelector: 'nobody' })), 0);
  assert.equal(await examined(search({ plan: 'startup' })), 10);
  assert.ok(
    (await examined(() => shortOfBreath.search(parseTenantFilter({ labelSelector: '!env,env' }), { limit: 10 }))) <= 3,
  );
});
