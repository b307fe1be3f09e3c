import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { Collection } from 'mongodb';
import type { TenantAccess } from '../../contracts/tenant-access.ts';
import type { LedgerDocument } from '../../store/documents.ts';
import { attachToStack } from '../../tools/stack/attach.ts';
import { regions } from '../faults/test-bed.ts';
import { startInstallation } from '../harness/installation.ts';
import type { Installation } from '../harness/installation.ts';
import { tenantManifest } from '../harness/manifests.ts';
import { until } from '../harness/until.ts';
import { operationIn } from './answers.ts';
import { liveAsApplication } from './applications.ts';
import { createAsker } from './asking.ts';
import type { Asker, Wish } from './asking.ts';
import { added, changed, copied, removed, saidAgain } from './breaking.ts';
import type { Mend } from './breaking.ts';
import { follow } from './callers.ts';
import { chaosInstallation, declareLoad } from './chaos-run.ts';
import { createChance } from './chance.ts';
import { createFindings } from './oracle/finding.ts';
import type { Findings } from './oracle/finding.ts';
import { judge } from './oracle/judge.ts';
import { checkReplays, checkRequests } from './oracle/requests.ts';
import { checkRollouts } from './oracle/rollouts.ts';
import { checkSuspensions } from './oracle/suspensions.ts';
import { checkTenant } from './oracle/tenants.ts';
import { createRecollection } from './recollection.ts';
import type { Asked, Recollection } from './recollection.ts';
import { comeToRest } from './rest.ts';
import { purge, templateName, verb, wishFor } from './wishes.ts';

const subject = 'alice@example.com';
const recollection = createRecollection();
const opened = new Map<string, TenantAccess>();
const documentsEach = 4;

let installation: Installation;
let cells: ReadonlyMap<string, MongoClient>;
let asker: Asker;

/** Asks for something and waits for its end, as somebody who remembers both. */
async function done(wish: Wish, by: Asker = asker, remembered: Recollection = recollection): Promise<Asked> {
  const asked = await by.ask(subject, wish);
  const [answer] = asked.answers;
  assert.ok(answer !== undefined, `${wish.what}: ${asked.refusal ?? 'unanswered'}`);
  const operation = operationIn(answer);
  if (operation !== undefined) await follow({ asker: by, recollection: remembered }, subject, operation);
  return asked;
}

/** An application at work in a tenant, until it is stopped. */
function work(
  name: string,
  remembered: Recollection,
  seed: number,
): { stop(): Promise<void>; readonly acknowledged: () => number } {
  const over = new AbortController();
  const chance = createChance(seed);
  const living = liveAsApplication({ asker, recollection: remembered, chance, opened, stop: over.signal }, name);
  return {
    async stop() {
      over.abort();
      await living;
    },
    acknowledged: () =>
      remembered.documents.filter(({ id, acknowledgedAt }) => id.startsWith(name) && acknowledgedAt !== undefined)
        .length,
  };
}

const control = (collection: string): Collection =>
  installation.control.db(installation.databases.control).collection(collection);
const ledger = (): Collection<LedgerDocument> =>
  installation.control.db(installation.databases.control).collection<LedgerDocument>('ledger');
const accessOf = (name: string): TenantAccess => {
  const access = opened.get(name);
  assert.ok(access !== undefined);
  return access;
};
const uidOf = (name: string): string => accessOf(name).tenant.uid;
const cellOf = (name: string): MongoClient => {
  const cell = cells.get(accessOf(name).region);
  assert.ok(cell !== undefined);
  return cell;
};
function collectionIn(name: string, declared: string): Collection {
  const namespace = accessOf(name).namespaces?.find(({ collection }) => collection === declared);
  assert.ok(namespace !== undefined);
  return cellOf(name).db(namespace.database).collection(namespace.name);
}
function askedFor(what: string): Asked {
  const asked = recollection.asked.find((one) => one.what === what);
  assert.ok(asked !== undefined, what);
  return asked;
}
function operationOf(what: string): string {
  const id = askedFor(what).answers.map(operationIn)[0]?.id;
  assert.ok(id !== undefined, what);
  return id;
}

before(async () => {
  const stack = attachToStack();
  installation = await startInstallation(stack, { ...chaosInstallation, replicas: 1 });
  cells = new Map(regions.map((region) => [region, new MongoClient(stack.mongod[region].adminUri)]));
  await declareLoad(installation, { tenantsPerMode: 1 });
  asker = createAsker({ installation, recollection, chance: createChance(1) });
  const workers = ['chaos-0', 'chaos-1', 'chaos-2'].map((name, number) => work(name, recollection, number));
  await until('every application has written', () =>
    workers.every(({ acknowledged }) => acknowledged() >= documentsEach),
  );
  await done(wishFor('createTenant', { body: tenantManifest('chaos-3') }, { what: 'create', tenant: 'chaos-3' }));
  await done(verb('delete', 'chaos-3'));
  await done(purge('chaos-3'));
  await done(verb('suspend', 'chaos-0'));
  await done(verb('reconcile', 'chaos-1'));
  await done(
    wishFor(
      'holdTenant',
      { params: { name: 'chaos-1' }, ifMatch: '*', body: { reason: 'a case' } },
      { what: 'hold', tenant: 'chaos-1' },
    ),
  );
  await Promise.all(workers.map(({ stop }) => stop()));
  await installation
    .client()
    .call('putTemplate', {
      params: { name: templateName },
      ifMatch: '*',
      body: {
        apiVersion: 'tenure/v1',
        kind: 'TenantTemplate',
        metadata: { name: templateName },
        spec: { config: { version: 1 } },
      },
    });
  const {
    answers: [started],
  } = await done(
    wishFor(
      'startRollout',
      { params: { name: templateName }, body: { waves: ['100%'] } },
      { what: 'roll-out', tenant: templateName },
    ),
  );
  assert.ok(started !== undefined);
  const about = { params: { id: (started.body as { id: string }).id } };
  await done(wishFor('pauseRollout', about, { what: 'pause roll-out', tenant: templateName, isKeyed: false }));
  await done(wishFor('resumeRollout', about, { what: 'resume roll-out', tenant: templateName }));
});
after(async () => {
  await Promise.all([...(cells?.values() ?? [])].map((cell) => cell.close()));
  await installation?.stop();
});

test('of a run that nothing has struck the oracle finds nothing wrong', async () => {
  const findings = createFindings();
  await comeToRest(installation, findings);
  await judge({ installation, cells }, recollection, findings);
  assert.deepEqual(findings.all, []);
  assert.ok(recollection.documents.length >= 3 * documentsEach);
});

interface Breakage {
  readonly what: string;
  readonly finds: RegExp;
  readonly breaks: () => Promise<Mend>;
  readonly looks: (findings: Findings) => Promise<unknown>;
}

const tenant = (name: string) => (findings: Findings) =>
  checkTenant({ installation, cells }, name === 'chaos-3' ? purgedUid() : uidOf(name), recollection, findings);
const requests = (findings: Findings) => checkRequests(installation, recollection, findings);
const rollouts = (findings: Findings) => checkRollouts(installation, recollection, findings);
const purgedUid = (): string => operationUid('purge');
const operationUid = (what: string): string => askedFor(what).answers.map(operationIn)[0]?.tenant.uid ?? '';

/** What a caller remembers otherwise than it was. */
function remembered(what: string, otherwise: Partial<Asked>): () => Promise<Mend> {
  return async () => {
    const asked = askedFor(what);
    const index = recollection.asked.indexOf(asked);
    recollection.asked[index] = { ...asked, ...otherwise };
    return async () => void (recollection.asked[index] = asked);
  };
}

const breakages: readonly Breakage[] = [
  {
    what: 'an acknowledged document is gone',
    finds: /^lost: .*documents of orders/,
    breaks: () => removed(collectionIn('chaos-1', 'orders'), {}),
    looks: tenant('chaos-1'),
  },
  {
    what: 'a document of another tenant lies there',
    finds: /^trespass: .*has not written/,
    breaks: () =>
      added(collectionIn('chaos-2', 'orders'), { _id: 'foreign' as never, tenant: uidOf('chaos-1'), sku: 'foreign' }),
    looks: tenant('chaos-2'),
  },
  {
    what: 'an index is gone',
    finds: /^cell: chaos-1/,
    breaks: async () => {
      await collectionIn('chaos-1', 'orders').dropIndexes();
      return async () => void (await collectionIn('chaos-1', 'orders').createIndex({ sku: 1 }, { unique: true }));
    },
    looks: tenant('chaos-1'),
  },
  {
    what: 'a secret is gone',
    finds: /^cell: .*data key and credential/,
    breaks: () =>
      removed(installation.control.db(installation.databases.secrets).collection('secrets'), {
        tenant: uidOf('chaos-1'),
      }),
    looks: tenant('chaos-1'),
  },
  {
    what: 'a purged tenant has left a claim',
    finds: /^cell: chaos-3 .*purged/,
    breaks: () =>
      added(cellOf('chaos-1').db('tenure_cell').collection('claims'), {
        _id: `tenant_${purgedUid()}` as never,
        tenant: purgedUid(),
      }),
    looks: tenant('chaos-3'),
  },
  {
    what: 'the registry promises another number of tables',
    finds: /^registry: chaos-1/,
    breaks: () => changed(control('resources'), { name: 'chaos-1' }, { $inc: { tables: 1 } }),
    looks: tenant('chaos-1'),
  },
  {
    what: 'the registry says what no entry says',
    finds: /^ledger: .*its last entry says/,
    breaks: () => changed(control('resources'), { name: 'chaos-1' }, { $inc: { revision: 1 } }),
    looks: tenant('chaos-1'),
  },
  {
    what: 'a lock was left',
    finds: /^ledger: .*the lock is free/,
    breaks: () =>
      changed(
        control('resources'),
        { name: 'chaos-1' },
        { $set: { operation: { id: operationOf('reconcile'), kind: 'reconcile', fence: 2 } } },
      ),
    looks: tenant('chaos-1'),
  },
  {
    what: 'a generation is missing',
    finds: /^ledger: .*no generation is missing/,
    breaks: () => removed(control('revisions'), { '_id.uid': uidOf('chaos-1'), '_id.generation': 1 }),
    looks: tenant('chaos-1'),
  },
  {
    what: 'a step is told twice',
    finds: /^ledger: .*each step is committed once/,
    breaks: () =>
      saidAgain(ledger(), ({ action, tenant: uid }) => action === 'tenant.reconcile.step' && uid === uidOf('chaos-1')),
    looks: tenant('chaos-1'),
  },
  {
    what: 'a holder commits after a later one',
    finds: /^ledger: .*older fence/,
    breaks: () =>
      saidAgain(ledger(), ({ action, tenant: uid }) => action === 'tenant.activate.start' && uid === uidOf('chaos-1')),
    looks: tenant('chaos-1'),
  },
  {
    what: 'two operations had one fence',
    finds: /^ledger: .*fence \d+ has one holder/,
    breaks: async () =>
      saidAgain(
        ledger(),
        ({ action, tenant: uid }) => action === 'tenant.reconcile.start' && uid === uidOf('chaos-1'),
        {
          operationId: String(
            (await control('operations').findOne({ kind: 'activate', 'tenant.uid': uidOf('chaos-1') }))?._id,
          ),
        },
      ),
    looks: tenant('chaos-1'),
  },
  {
    what: 'what one entry leaves is not what the next finds',
    finds: /^ledger: .*goes on from what the entries before it say/,
    breaks: () =>
      saidAgain(
        ledger(),
        ({ action, outcome, tenant: uid }) =>
          action === 'tenant.activate' && outcome === 'succeeded' && uid === uidOf('chaos-1'),
        { action: 'tenant.update', operationId: undefined, fence: undefined },
      ),
    looks: tenant('chaos-1'),
  },
  {
    what: 'an operation was turned round twice',
    finds: /^ledger: .*turned round 2 times/,
    breaks: async () => {
      const turn = () =>
        saidAgain(
          ledger(),
          ({ action, operationId }) => action === 'tenant.reconcile.start' && operationId === operationOf('reconcile'),
          { action: 'tenant.reconcile.turn', outcome: 'failed' },
        );
      const mends = [await turn(), await turn()];
      return async () => {
        for (const mend of mends) await mend();
      };
    },
    looks: tenant('chaos-1'),
  },
  {
    what: 'an operation has not ended',
    finds: /^unended: reconcile/,
    breaks: () => changed(control('operations'), { _id: operationOf('reconcile') }, { $set: { unfinished: true } }),
    looks: (findings) => comeToRest(installation, findings, 1),
  },
  {
    what: 'a lease was left',
    finds: /^ledger: .*no lease/,
    breaks: () =>
      changed(
        control('operations'),
        { _id: operationOf('reconcile') },
        { $set: { leases: [{ holder: 'nobody', step: 'place', until: new Date() }] } },
      ),
    looks: tenant('chaos-1'),
  },
  {
    what: 'an acknowledged operation is gone',
    finds: /^lost: suspend .*which is not there/,
    breaks: () => removed(control('operations'), { _id: operationOf('suspend') }),
    looks: requests,
  },
  {
    what: 'an acknowledged declaration is gone',
    finds: /^lost: hold .*generation \d+ .* not there/,
    breaks: () => removed(control('revisions'), { '_id.uid': uidOf('chaos-1'), 'spec.hold.reason': 'a case' }),
    looks: requests,
  },
  {
    what: 'an acknowledged declaration is another',
    finds: /^lost: hold .*another than was answered/,
    breaks: () =>
      changed(
        control('revisions'),
        { '_id.uid': uidOf('chaos-1'), 'spec.hold.reason': 'a case' },
        { $set: { 'spec.hold.reason': 'another' } },
      ),
    looks: requests,
  },
  {
    what: 'an acknowledged change is in no entry',
    finds: /^lost: hold .*the ledger has no entry/,
    breaks: () => removed(control('ledger'), { action: 'tenant.hold' }),
    looks: requests,
  },
  {
    what: 'one key began two operations',
    finds: /^twice: suspend .*has begun/,
    breaks: () => copied(control('operations'), { _id: operationOf('suspend') }),
    looks: requests,
  },
  {
    what: 'one key changed a tenant twice',
    finds: /^twice: hold .*has left/,
    breaks: () => saidAgain(ledger(), ({ action }) => action === 'tenant.hold'),
    looks: requests,
  },
  {
    what: 'one key was answered in two ways',
    finds: /^twice: suspend .*was answered/,
    breaks: () => remembered('suspend', { answers: [...askedFor('suspend').answers, { status: 200, body: {} }] })(),
    looks: requests,
  },
  {
    what: 'a kept answer is another',
    finds: /^twice: hold .*answered otherwise/,
    breaks: () =>
      changed(control('idempotency'), { '_id.key': askedFor('hold').key }, { $set: { 'answer.body': '{}' } }),
    looks: (findings) => checkReplays(installation, recollection.asked, 100, findings),
  },
  {
    what: 'what was refused was done',
    finds: /^refused: hold .*tenant.hold succeeded/,
    breaks: () => remembered('hold', { answers: [], refusal: 'revision_stale' })(),
    looks: requests,
  },
  {
    what: 'a request was never answered',
    finds: /^unanswered: hold/,
    breaks: async () => {
      const { answeredAt: _answeredAt, ...asked } = askedFor('hold');
      const mend = await remembered('hold', {})();
      recollection.asked[recollection.asked.findIndex(({ what }) => what === 'hold')] = asked;
      return mend;
    },
    looks: requests,
  },
  {
    what: 'an operation ended otherwise than was seen',
    finds: /^lost: operation .*seen to end succeeded, and is failed/,
    breaks: () => changed(control('operations'), { _id: operationOf('suspend') }, { $set: { state: 'failed' } }),
    looks: requests,
  },
  {
    what: 'an accepted cancellation was not kept',
    finds: /^lost: cancel .*has succeeded/,
    breaks: () =>
      remembered('hold', {
        what: 'cancel',
        isKeyed: false,
        answers: [{ status: 202, body: { id: operationOf('suspend') } }],
      })(),
    looks: requests,
  },
  {
    what: 'a preempted operation has succeeded',
    finds: /^lost: operation .*has preempted/,
    breaks: () =>
      changed(control('operations'), { _id: operationOf('reconcile') }, { $set: { waitsFor: operationOf('suspend') } }),
    looks: requests,
  },
  {
    what: 'an accepted roll-out is gone',
    finds: /^lost: roll-out/,
    breaks: () => removed(control('rollouts'), {}),
    looks: rollouts,
  },
  {
    what: 'a roll-out was started twice',
    finds: /^twice: roll-out .*started 2 times/,
    breaks: () => saidAgain(ledger(), ({ event }) => event?.type === 'template.rollout_started.v1'),
    looks: requests,
  },
  {
    what: 'a roll-out has changed a tenant twice',
    finds: /^twice: roll-out .*has changed/,
    breaks: () => copied(control('operations'), { correlationId: askedFor('roll-out').key }),
    looks: rollouts,
  },
  {
    what: 'a roll-out counts as changed what failed',
    finds: /^lost: roll-out .*says that .* is changed/,
    breaks: () =>
      changed(control('operations'), { correlationId: askedFor('roll-out').key }, { $set: { state: 'failed' } }),
    looks: rollouts,
  },
  {
    what: 'a roll-out never ends',
    finds: /^unended: roll-out .*changing/,
    breaks: () => changed(control('rollout_members'), {}, { $set: { state: 'changing' } }),
    looks: rollouts,
  },
];

test('the oracle sees whatever is broken by hand, and nothing once it is mended', async (t) => {
  for (const { what, finds, breaks, looks } of breakages) {
    await t.test(what, async () => {
      const mend = await breaks();
      const findings = createFindings();
      try {
        await looks(findings);
      } finally {
        await mend();
      }
      const said = findings.all.map(({ word, message }) => `${word}: ${message.replaceAll('\n', ' ')}`);
      assert.ok(
        said.some((line) => finds.test(line)),
        `not found: ${said.join(' | ')}`,
      );
      const again = createFindings();
      await looks(again);
      assert.deepEqual(again.all, []);
    });
  }
});

test('the oracle sees a tenant that reaches another’s data, and one that writes after its suspension', async () => {
  const own = createRecollection();
  const by = createAsker({ installation, recollection: own, chance: createChance(2) });
  await done(verb('resume', 'chaos-0'), by, own);
  const application = work('chaos-0', own, 3);
  await until('it writes', () => application.acknowledged() > 0);
  const {
    database,
    credential: { username: user },
  } = accessOf('chaos-0');
  const everything = { roles: [{ role: 'readWriteAnyDatabase', db: 'admin' }] };
  const cell = cellOf('chaos-0').db(database);
  await done(verb('suspend', 'chaos-0'), by, own);
  const suspended = application.acknowledged();
  await cell.command({ grantRolesToUser: user, ...everything });
  await until(
    'it has written and trespassed',
    () => application.acknowledged() > suspended && own.trespasses.length > 0,
  );
  await cell.command({ revokeRolesFromUser: user, ...everything });
  await application.stop();
  const findings = createFindings();
  await checkSuspensions(installation, own, findings);
  assert.ok(findings.all.some(({ word }) => word === 'access'));
});
