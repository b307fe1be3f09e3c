import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Binary, MongoClient } from 'mongodb';
import type { CommandStartedEvent, Document } from 'mongodb';
import { parseTenantFilter } from '../../../domain/tenant-filter.ts';
import { leafHash } from '../../../contracts/log/merkle-tree.ts';
import type { OperationDocument, TenantDocument } from '../../../store/documents.ts';
import { createStore } from '../../../store/store.ts';
import type { Store } from '../../../store/store.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { acceptActivation, anyEntry, insertDraft, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

let opened: ControlStore;
let client: MongoClient;
let store: Store;
let tenant: TenantDocument;
let operation: OperationDocument;
const seen: CommandStartedEvent[] = [];

const tenantCount = 150;
const operationCount = 2_000;
/** Collections with one document, or a few, for each cell. */
const small: ReadonlySet<string> = new Set(['cells', 'cellTables', 'standings']);
const uids = Array.from(
  { length: tenantCount },
  (_, index) => `01hzzzzzzzzzzzzzzzzzzz${String(index).padStart(4, '0')}`,
);

before(async () => {
  const stack = attachToStack();
  opened = await openControlStore(stack);
  const { control, databases } = opened;
  client = new MongoClient(stack.mongod.control.adminUri, { monitorCommands: true });
  client.on('commandStarted', (event) => seen.push(event));
  store = createStore({ client, names: databases, installation: 'plans' });
  await store.prepare();
  await insertDraft(store, 'first');
  ({ tenant, operation } = await acceptActivation(store, 'acme'));
  const db = control.db(databases.control);
  const template = await db.collection<Document & { _id: string }>('resources').findOne({ name: 'acme' });
  await db.collection<Document & { _id: string }>('resources').insertMany(
    uids.map((_id, index) => ({
      ...template,
      _id,
      name: `t${index}`,
      operation: null,
      lifecycle: 'Active',
      placement: { region: 'eu-west-1', cell: `c${index % 3}`, mode: 'dedicated', database: 'd' },
    })),
  );
  await db.collection<Document & { _id: string }>('operations').insertMany(
    Array.from({ length: operationCount }, (_, index) => {
      const { unfinished: _unfinished, ...ended } = operation;
      return {
        ...ended,
        _id: `00${String(index).padStart(24, '0')}`,
        state: 'succeeded' as const,
        tenant: { uid: uids[index % tenantCount] ?? '', name: `t${index % tenantCount}` },
      };
    }),
  );
  await db.collection<Document & { _id: string }>('ledger').insertMany(
    Array.from({ length: operationCount }, (_, index) => ({
      _id: `00${String(index).padStart(24, '0')}`,
      bytes: new Binary(Buffer.from('{}')),
    })),
  );
  const leaf = Buffer.from('{}');
  await store.log.append(
    Array.from({ length: operationCount }, (_, index) => ({
      index,
      entry: `00${String(index).padStart(24, '0')}`,
      // Two sequences, so that each is long.
      tenant: index % 2 === 0 ? tenant._id : null,
      sequence: Math.floor(index / 2) + 1,
      event: 'tenant.updated.v1' as const,
      events: Math.floor(index / 2) + 1,
      time: new Date(index),
      leaf,
      hash: leafHash(leaf),
    })),
  );
});
after(async () => {
  await client.close();
  await opened.close();
});

async function drain(documents: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const _ of documents) count += 1;
  return count;
}

const found = async (text: Parameters<typeof parseTenantFilter>[0], confined?: readonly string[]) =>
  drain(
    (
      await store.tenantSearch.scan(parseTenantFilter(text), {
        limit: 20,
        ...(confined === undefined ? {} : { uids: confined }),
      })
    ).tenants,
  );

/** Every read of the control database, by what it reads. */
const reads: Readonly<Record<string, () => Promise<unknown>>> = {
  'a resource by name': () => store.resources.find('Tenant', 'acme'),
  'a resource by uid': () => store.resources.findByUid('Tenant', tenant._id),
  'a plan and every region': () => store.resources.planAndRegions('startup'),
  'resources of a kind': () => drain(store.resources.scan('Plan', { limit: 20 })),
  'tenants after a name': () => drain(store.resources.scan('Tenant', { after: 't1', limit: 20 })),
  'names of a kind': () => store.resources.names('Tenant', 20),
  'tenants of a cell': () =>
    store.commit(async (tx) => ({
      result: await store.resources.placedOn(tx, ['c1'], 5),
      entries: [anyEntry(tenant._id)],
    })),
  'the number of tenants': () => store.resources.estimateTenants(),
  'idle tenants of a cell': () => store.resources.idleOn('c1', undefined, 20),
  'due purges': () => store.resources.duePurges([], 20),
  'due plans': () => store.resources.duePlans([], 20),
  'all tenants': () => found({}),
  'tenants by plan, label and prefix': () => found({ plan: 'startup', labelSelector: '!env', namePrefix: 't1' }),
  'tenants of a confined caller': () => found({}, uids.slice(0, 120)),
  'the number of matching tenants': () => store.tenantSearch.count(parseTenantFilter({ plan: 'nothing' })),
  'a revision': () => store.revisions.find(tenant._id, { generation: 1 }),
  'a revision at a time': () => store.revisions.find(tenant._id, { time: new Date() }),
  'a version of a template': () => store.revisions.ofTemplate(tenant._id, 1),
  'the last revision': () => store.revisions.latest(tenant._id),
  'revisions and their origins': async () =>
    store.revisions.origins(tenant._id, [
      { generation: 1, ledgerEntry: (await store.revisions.find(tenant._id, { generation: 1 }))?.ledgerEntry ?? '' },
    ]),
  'an operation': () => store.operations.find(operation._id),
  'all operations': () => drain(store.operations.scan({ limit: 20 })),
  'operations by a rare state': () => drain(store.operations.scan({ state: 'failed', limit: 20 })),
  'operations by a frequent state': () => drain(store.operations.scan({ state: 'succeeded', limit: 20 })),
  'operations of a tenant': () => drain(store.operations.scan({ tenants: [tenant._id], limit: 20 })),
  'operations of a tenant by state': () =>
    drain(store.operations.scan({ tenants: uids.slice(0, 1), state: 'failed', limit: 20 })),
  'operations of many tenants': () => drain(store.operations.scan({ tenants: uids, limit: 20 })),
  'which operations have ended': () => store.operations.finished([operation._id]),
  'stalled operations': () => store.operations.stalled({ idleMs: 0, begun: false, limit: 20 }),
  'the remaining time of a lease': () => store.stepLeases.remainingMs(operation._id),
  'a secret': () => store.secrets.find(tenant._id, 'data-key'),
  'observations of cells': () => store.cells.observations(),
  'a tombstone': () => store.tombstones.find(tenant._id),
  tombstones: () => drain(store.tombstones.scan({ limit: 20 })),
  'tombstones by name': () => drain(store.tombstones.scan({ name: 'acme', limit: 20 })),
  'tenants whose work waits': () => store.backoffs.waiting('purge'),
  drift: () => store.drift.find(tenant),
  'a roll-out': () => store.rollouts.find(operation._id),
  'roll-outs of a template': () => drain(store.rollouts.scan(tenant._id, { limit: 20 })),
  'unfinished roll-outs': () => store.rollouts.unfinished(),
  'members of a roll-out': () => store.rollouts.members(operation._id, 'failed', 20),
  'the progress of a roll-out': () => store.rollouts.counts(operation._id),
  'a verification': () => store.verifications.find('a/b'),
  'the last verification': () => store.verifications.latestOf(tenant._id),
  'stalled verifications': () => store.verifications.stalled(0, 20),
  'entries of a tenant': () => store.ledger.entries({ tenant: tenant._id }),
  'the size of the log': () => store.log.size(),
  'the head of the log': () => store.log.head(),
  'positions in the log': () => store.log.positions(1_000, 20),
  'which entries are in the log': () => store.log.sequenced([operation._id, `00${'0'.repeat(24)}`]),
  'the ends of sequences': () => store.log.endsOf([tenant._id, null]),
  'events from an index': () => store.events.read({}, 100, 20),
  'events of a tenant': () => store.events.read({ tenants: [tenant._id] }, 100, 20),
  'events of some tenants': () => store.events.read({ tenants: uids.slice(0, 50) }, 100, 20),
  'events of many tenants': () => store.events.read({ tenants: uids }, 100, 20),
  'an event': () => store.events.find(operation._id),
  'the place of a time': () => store.events.indexSince(new Date(700)),
  'the place of a sequence': () => store.events.indexAfter(tenant._id, 30),
  'the end of the log': () => store.events.end(),
  'the lag of the log': () => store.sequencingLag(),
  'entries of the ledger, by what is searched for': () =>
    drain(store.audit.search({ tenants: [tenant._id], action: 'tenant.create' }, { limit: 20 })),
  'entries of an actor': () => drain(store.audit.search({ actor: 'nobody' }, { limit: 20 })),
  'entries about a target': () => drain(store.audit.search({ target: 'plan/startup' }, { limit: 20 })),
  'entries with a correlation id': () => drain(store.audit.search({ correlationId: 'none' }, { limit: 20 })),
  refusals: () => drain(store.audit.search({ outcome: 'denied' }, { limit: 20 })),
  'an entry': () => store.audit.find(operation._id),
  'kept heads of the log': () => store.checkpoints.after(0, 20),
  'entries in the order of the log': () => drain(store.loggedEntries.scan({ from: 50, size: 90, limit: 20 })),
  'tiles of the log': () => store.log.tiles(0, 0, 3),
  'entries after an id': () => drain(store.committedEntries.since(tenant._id)),
  'the progress of a webhook': () => store.webhookProgress.find(tenant._id),
  'webhooks that nobody is at': () => store.webhookProgress.unattended(uids, 0),
  'deliveries that are due': () => store.webhookDeliveries.due(tenant._id, 20),
  'when a delivery is due': () => store.webhookDeliveries.nextTime(tenant._id),
  'tenants with deliveries': () => store.webhookDeliveries.unfinishedTenants(tenant._id),
  'numbers of deliveries': () => store.webhookDeliveries.counts(tenant._id),
  deliveries: () => drain(store.webhookDeliveries.scan(tenant._id, { after: operation._id, limit: 20 })),
  'dead deliveries': () => drain(store.webhookDeliveries.scan(tenant._id, { state: 'dead', limit: 20 })),
  'attempts to deliver': () => drain(store.webhookDeliveries.attempts(tenant._id, { limit: 20 })),
  'attempts to deliver an event': () =>
    drain(store.webhookDeliveries.attempts(tenant._id, { event: operation._id, limit: 20 })),
  'keys of a webhook': () => store.webhookKeys.signing(tenant._id),
  'entries of a request': () => store.ledger.entries({ requestId: 'request-1' }),
  'what a transaction reads': () =>
    store.commit(async (tx) => {
      await store.resources.read(tx, 'Tenant', tenant._id);
      await store.operations.read(tx, operation._id);
      await store.tombstones.lastRevision(tx, 'acme');
      await store.verifications.breachesOf(tx, tenant._id);
      return { result: undefined, entries: [anyEntry(tenant._id)] };
    }),
};

/** All stages of a plan, whatever they are nested in. */
function stagesOf(plan: unknown): string[] {
  if (Array.isArray(plan)) return plan.flatMap(stagesOf);
  if (typeof plan !== 'object' || plan === null) return [];
  const own = 'stage' in plan && typeof plan.stage === 'string' ? [plan.stage] : [];
  return [...own, ...Object.values(plan).flatMap(stagesOf)];
}

/** The largest value of a field anywhere in it. */
function largest(field: string, of: unknown): number {
  if (typeof of !== 'object' || of === null) return 0;
  const own = field in of ? Number((of as Record<string, unknown>)[field]) : 0;
  return Math.max(own, ...Object.values(of).map((value) => largest(field, value)));
}

for (const [what, read] of Object.entries(reads)) {
  test(`reading ${what} uses an index, examines few extra documents, and has a time limit`, async () => {
    seen.length = 0;
    await read();
    const commands = seen.filter(({ commandName }) => commandName === 'find' || commandName === 'aggregate');
    assert.ok(commands.length > 0);
    for (const { commandName, databaseName, command } of commands) {
      const collection = String(command[commandName]);
      const told = `${commandName} ${collection}`;
      assert.ok(Number(command['maxTimeMS']) > 0, told);
      const {
        lsid: _lsid,
        $db: _db,
        $clusterTime: _clusterTime,
        txnNumber: _txn,
        startTransaction: _start,
        autocommit: _auto,
        readConcern: _concern,
        maxTimeMS: _max,
        ...asked
      } = command;
      const explained = await opened.control.db(databaseName).command({ explain: asked, verbosity: 'executionStats' });
      if (small.has(collection)) continue;
      assert.ok(
        !stagesOf(explained).includes('COLLSCAN'),
        `${told}: ${JSON.stringify(explained['queryPlanner'] ?? explained['stages'])}`,
      );
      const [examined, returned] = [largest('totalDocsExamined', explained), largest('nReturned', explained)];
      assert.ok(examined <= returned + 150, `${told}: ${examined} examined for ${returned} returned`);
    }
  });
}
