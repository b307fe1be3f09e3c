import assert from 'node:assert/strict';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { MongoClient } from 'mongodb';
import { ledgerEntrySchema } from '../../contracts/ledger-entry.ts';
import type { LedgerEntry } from '../../contracts/ledger-entry.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { operationWorkflowId } from '../../domain/search-attributes.ts';
import { stepPlans } from '../../domain/step-plan.ts';
import { readKeyring } from '../../platform/config.ts';
import { createTemporalClient } from '../../platform/temporal-client.ts';
import { openTenant } from '../../client/open-tenant.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { startInstallation } from '../harness/installation.ts';
import type { Installation } from '../harness/installation.ts';
import { declareBasics, tenantManifest } from '../harness/manifests.ts';
import type { TenantInput } from '../harness/manifests.ts';
import { until } from '../harness/until.ts';

/** One installation in which faults are struck, one after the other. */
export interface Lane {
  readonly installation: Installation;
  readonly temporal: Client;
  arm(failpoint: string, action: 'kill' | 'pause'): void;
  /** Resolves when somebody has reached the armed failpoint. */
  hit(failpoint: string): Promise<void>;
  release(failpoint: string): void;
  /** Declares a tenant Active and returns its operation, also when the answer is lost on the way. */
  activate(name: string, spec?: Partial<TenantInput['spec']>): Promise<RunningOperation>;
  /** Waits for the operation's end and holds everything it left against what it declares. */
  expectEnd(operation: RunningOperation, state: FinalOperationState): Promise<void>;
  stop(): Promise<void>;
}

export interface RunningOperation {
  readonly id: string;
  readonly uid: string;
  readonly tenant: string;
  readonly workflowId: string;
}

const regions = ['eu-west-1', 'us-east-1'] as const;

export async function createLane(stack: EmbeddedStack): Promise<Lane> {
  const installation = await startInstallation(stack);
  const { failpointDirectory, store } = installation;
  await declareBasics(installation.client());
  const { client: temporal, close } = createTemporalClient({ ...stack.temporal, keyring: readKeyring('codec', stack.files.codecKeyring) });
  // A tenant goes to the other region when its preferred one is seen to be away.
  const cells = new Map(regions.map((region) => [region, new MongoClient(stack.mongod[region].adminUri)]));
  const file = (failpoint: string, suffix = ''): string => join(failpointDirectory, failpoint + suffix);

  async function accepted(name: string): Promise<RunningOperation> {
    const tenant = await until(`${name} is in the registry`, () => store.resources.find('Tenant', name));
    const [operation] = await until(`${name} has an operation`, async () => {
      const found = await store.operations.list({ tenants: [tenant._id], limit: 1 });
      return found.length > 0 ? found : undefined;
    });
    assert.ok(operation);
    return { id: operation._id, uid: tenant._id, tenant: name, workflowId: operationWorkflowId(tenant._id, operation._id) };
  }

  async function entriesOf(operation: RunningOperation): Promise<LedgerEntry[]> {
    const documents = await store.ledger.entries({ operationId: operation.id });
    return documents.map((document) => ledgerEntrySchema.parse(JSON.parse(Buffer.from(document.bytes.value()).toString('utf8'))));
  }

  function expectLedger(entries: readonly LedgerEntry[], state: FinalOperationState): void {
    const of = (action: string, outcome: string): LedgerEntry[] => entries.filter((entry) => entry.action === action && entry.outcome === outcome);
    assert.equal(of('tenant.activate', 'allowed').length, 1, 'accepted once');
    const fences = entries.map((entry) => entry.fence ?? 0);
    assert.deepEqual(fences, fences.toSorted((a, b) => a - b), 'nobody commits under an older fence after a newer one');
    const done = of('tenant.activate.step', 'succeeded').map((entry) => entry.step);
    assert.equal(new Set(done).size, done.length, `each step is committed once: ${done.join(', ')}`);
    const ends = entries.filter((entry) => entry.event !== undefined);
    assert.equal(ends.length, 1, 'it ends once');
    if (state === 'succeeded') {
      assert.deepEqual(done, stepPlans.activate.map((step) => step.key));
      assert.equal(ends[0]?.event?.type, 'tenant.activated.v1');
    } else {
      const undone = of('tenant.activate.undo', 'succeeded').map((entry) => entry.step);
      assert.deepEqual(done.filter((step) => !undone.includes(step)), [], 'what was done is undone');
      assert.equal(ends[0]?.event?.type, 'tenant.activation_failed.v1');
    }
  }

  /** What there is of the tenant, over all cells. */
  async function traces(uid: string): Promise<{ claims: number; users: string[]; collections: number; roles: number; secrets: number }> {
    const database = `tenant_${uid}`;
    const found = { claims: 0, users: [] as string[], collections: 0, roles: 0, secrets: 0 };
    for (const cell of cells.values()) {
      const home = cell.db(database);
      found.claims += await cell.db('tenure_cell').collection<{ _id: string }>('claims').countDocuments({ _id: database });
      found.users.push(...((await home.command({ usersInfo: 1 })) as { users: { user: string }[] }).users.map((one) => one.user));
      found.collections += (await home.listCollections({}, { nameOnly: true }).toArray()).length;
      found.roles += ((await home.command({ rolesInfo: 1 })) as { roles: unknown[] }).roles.length;
    }
    found.secrets = await installation.control.db(installation.databases.secrets).collection('secrets').countDocuments({ tenant: uid });
    return found;
  }

  async function expectCell({ uid, tenant }: RunningOperation, exists: boolean): Promise<void> {
    const once = { claims: 1, users: [`tenant_${uid}`], collections: 2, roles: 2, secrets: 2 };
    assert.deepEqual(await traces(uid), exists ? once : { claims: 0, users: [], collections: 0, roles: 0, secrets: 0 });
    if (!exists) return;
    const opened = await openTenant(installation.client(), tenant);
    await opened.collection('orders').insertOne({ sku: 'after the fault' });
    await opened.close();
  }

  return {
    installation,
    temporal,
    arm(failpoint, action) {
      for (const suffix of ['', '.hit', '.release']) rmSync(file(failpoint, suffix), { force: true });
      writeFileSync(file(failpoint), action);
    },
    hit: async (failpoint) => {
      await until(`${failpoint} is reached`, () => existsSync(file(failpoint, '.hit')));
    },
    release: (failpoint) => writeFileSync(file(failpoint, '.release'), ''),
    async activate(name, spec = {}) {
      const manifest = tenantManifest(name, { lifecycle: 'Active', placement: { preferredRegion: regions[0] }, ...spec });
      // The answer may be lost with the process that was to give it; what counts is what was committed.
      await installation.client().call('putTenant', { params: { name }, ifNoneMatch: '*', body: manifest }).catch(() => undefined);
      return accepted(name);
    },
    async expectEnd(operation, state) {
      const ended = await until(
        `operation of ${operation.tenant} ends`,
        async () => {
          const found = await store.operations.find(operation.id).catch(() => undefined);
          return found !== undefined && found.unfinished !== true ? found : undefined;
        },
        90_000,
      );
      assert.equal(ended.state, state, JSON.stringify(ended.error));
      const tenant = await store.resources.findByUid('Tenant', operation.uid);
      assert.equal(tenant?.operation, null, 'the lock is given back');
      assert.equal(tenant.lifecycle, state === 'succeeded' ? 'Active' : 'Draft');
      assert.equal(tenant.conditions.find((condition) => condition.type === 'Ready')?.status, state === 'succeeded' ? 'True' : 'False');
      expectLedger(await entriesOf(operation), state);
      await expectCell(operation, state === 'succeeded');
    },
    async stop() {
      await close();
      await Promise.all([...cells.values()].map((cell) => cell.close()));
      await installation.stop();
    },
  };
}
