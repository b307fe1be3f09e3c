import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { TenantAccess } from '../../contracts/tenant-access.ts';
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
import { follow } from './callers.ts';
import { chaosInstallation, declareLoad } from './chaos-run.ts';
import { createChance } from './chance.ts';
import { createBreakages } from './oracle-breakages.ts';
import { createFindings } from './oracle/finding.ts';
import { judge } from './oracle/judge.ts';
import { checkSuspensions } from './oracle/suspensions.ts';
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

/** Sends a request and waits for its operation to end. Both are recorded. */
async function done(wish: Wish, by: Asker = asker, remembered: Recollection = recollection): Promise<Asked> {
  const asked = await by.ask(subject, wish);
  const [answer] = asked.answers;
  assert.ok(answer !== undefined, `${wish.what}: ${asked.refusal ?? 'unanswered'}`);
  const operation = operationIn(answer);
  if (operation !== undefined) await follow({ asker: by, recollection: remembered }, subject, operation);
  return asked;
}

/** Runs an application in a tenant until it is stopped. */
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

const accessOf = (name: string): TenantAccess => {
  const access = opened.get(name);
  assert.ok(access !== undefined);
  return access;
};
const cellOf = (name: string): MongoClient => {
  const cell = cells.get(accessOf(name).region);
  assert.ok(cell !== undefined);
  return cell;
};

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
  await installation.client().call('putTemplate', {
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

test('the oracle finds nothing wrong after an undisturbed run', async () => {
  const findings = createFindings();
  await comeToRest(installation, findings);
  await judge({ installation, cells }, recollection, findings);
  assert.deepEqual(findings.all, []);
  assert.ok(recollection.documents.length >= 3 * documentsEach);
});

test('the oracle detects everything that is broken by hand, and finds nothing after the repair', async (t) => {
  const breakages = createBreakages({ installation, cells, recollection, accessOf, cellOf });
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
        `not detected; found: ${said.join(' | ')}`,
      );
      const again = createFindings();
      await looks(again);
      assert.deepEqual(again.all, []);
    });
  }
});

test('a write after a suspension is a finding, and access to another tenant’s data is recorded', async () => {
  const own = createRecollection();
  const by = createAsker({ installation, recollection: own, chance: createChance(2) });
  await done(verb('resume', 'chaos-0'), by, own);
  const application = work('chaos-0', own, 3);
  await until('the application writes', () => application.acknowledged() > 0);
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
    'the application has written and trespassed',
    () => application.acknowledged() > suspended && own.trespasses.length > 0,
  );
  await cell.command({ revokeRolesFromUser: user, ...everything });
  await application.stop();
  const findings = createFindings();
  await checkSuspensions(installation, own, findings);
  assert.ok(findings.all.some(({ word }) => word === 'access'));
});
