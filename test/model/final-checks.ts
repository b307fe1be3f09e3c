import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { MongoClient } from 'mongodb';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { Tombstone } from '../../contracts/tombstone.ts';
import type { AttachedStack } from '../../tools/stack/attach.ts';
import { createExchange } from '../harness/http-exchange.ts';
import { worldsOf } from './checking.ts';
import type { Model } from './checking.ts';
import { verifyLedgerOf } from './ledger-check.ts';
import { modelTenants } from './request.ts';
import type { TenantKey } from './request.ts';
import type { ModelRun } from './run.ts';

const keys = Object.keys(modelTenants) as TenantKey[];

/** Compares everything that a run has left with the model. No operation may run. */
export async function finalChecks(
  model: Model,
  run: ModelRun,
  stack: Pick<AttachedStack, 'files' | 'mongod'>,
): Promise<void> {
  const exchange = createExchange(run.installation);
  const alive: string[] = [];
  for (const key of keys) {
    const [world] = worldsOf(model, key);
    if (world === undefined) continue;
    const { items } = (await exchange({ path: `/v1/tombstones?name=${run.name(key)}` })).json<{ items: Tombstone[] }>();
    const purged = items.map(({ uid }) => uid).toSorted();
    assert.equal(purged.length, world.past.length, 'every purged tenant has a tombstone');
    for (const [index, uid] of purged.entries())
      await verifyLedgerOf(run.installation, uid, { events: world.past[index] ?? [], purged: true });
    if (world.tenant === null) continue;
    alive.push(run.name(key));
    const { uid } = (await exchange({ path: `/v1/tenants/${run.name(key)}` })).json<Tenant>().metadata;
    assert.ok(!purged.includes(uid), 'no uid is reused');
    await verifyLedgerOf(run.installation, uid, { events: world.tenant.events, purged: false });
  }
  const listed = (
    await exchange({ path: `/v1/tenants?namePrefix=${run.name('a').slice(0, -1)}&showDeleted=true` })
  ).json<{ items: Tenant[] }>();
  assert.deepEqual(
    listed.items.map(({ metadata }) => metadata.name),
    alive,
    'the list has exactly the tenants that exist',
  );
  await credentialsOpenWhatTheyShould(model, run, stack);
  nothingSecretWasSaid(run, stack);
}

/** The current user: each time access is granted, it may be a new one. */
async function userOf(run: ModelRun, key: TenantKey): Promise<string> {
  return (await run.installation.client().call('openTenant', { params: { name: run.name(key) }, body: {} })).body
    .credential.username;
}

/**
 * The last credential that was handed out opens its tenant if the tenant is Active and its user is still the same.
 * Otherwise it opens nothing.
 */
async function credentialsOpenWhatTheyShould(
  model: Model,
  run: ModelRun,
  { mongod }: Pick<AttachedStack, 'mongod'>,
): Promise<void> {
  for (const key of keys) {
    const tenant = worldsOf(model, key)[0]?.tenant ?? null;
    const uids = run.uids(key);
    for (const uid of uids) {
      const credential = run.credentials.get(uid);
      if (credential === undefined) continue;
      const isActive =
        tenant?.state === 'Active' && uid === uids.at(-1) && credential.username === (await userOf(run, key));
      const pooled = modelTenants[key] === 'schema';
      const database = pooled ? 'tenure_pool' : `tenant_${uid}`;
      const tried = await Promise.all(
        (['eu-west-1', 'us-east-1'] as const).map(async (region) => {
          const client = new MongoClient(mongod[region].adminUri, {
            auth: credential,
            authSource: credential.authSource,
          });
          try {
            return await client
              .db(database)
              .collection(pooled ? `orders_${uid}` : 'orders')
              .countDocuments();
          } catch {
            return undefined;
          } finally {
            await client.close();
          }
        }),
      );
      assert.deepEqual(
        tried.filter((count) => count !== undefined),
        isActive ? [tenant?.documents] : [],
        `what the credential of ${run.name(key)} opens`,
      );
    }
  }
}

function nothingSecretWasSaid(
  { said, credentials }: ModelRun,
  { files, mongod }: Pick<AttachedStack, 'files' | 'mongod'>,
): void {
  const everything = said.join('\n');
  const cells = Object.values(JSON.parse(readFileSync(files.cells, 'utf8')) as Record<string, { uri: string }>);
  const secrets = [
    ...[...credentials.values()].map(({ password }) => password),
    ...[...cells, mongod.control].map(({ uri }) => new URL(uri).password),
  ];
  for (const secret of secrets) {
    assert.ok(secret.length > 8);
    for (const form of [secret, Buffer.from(secret).toString('base64').replace(/=+$/, ''), encodeURIComponent(secret)])
      assert.ok(!everything.includes(form), 'no answer contains a credential');
  }
}
