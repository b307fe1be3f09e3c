import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { attachToStack } from '../../tools/stack/attach.ts';
import type { AttachedStack } from '../../tools/stack/attach.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { startInstallation } from '../harness/installation.ts';
import type { Installation } from '../harness/installation.ts';
import { regions } from '../faults/test-bed.ts';
import { chaosInstallation, declareLoad, runChaos } from './chaos-run.ts';
import { createFindings } from './oracle/finding.ts';
import { assertLogComplete, untilAllSequenced } from '../harness/log-check.ts';
import { judge } from './oracle/judge.ts';
import { reportOf } from './report.ts';
import { comeToRest } from './rest.ts';
import { startSubscribers } from './subscribers.ts';
import type { Subscribers } from './subscribers.ts';
import { readChaosSettings } from './settings.ts';

const settings = readChaosSettings();

let ownStack: EmbeddedStack | undefined;
let installation: Installation;
let subscribers: Subscribers | undefined;
let cells: ReadonlyMap<string, MongoClient>;

before(async () => {
  if (settings.strikesStores) ownStack = await createTemporaryStack({ temporalStorage: 'file' });
  const stack: AttachedStack | EmbeddedStack = ownStack ?? attachToStack();
  installation = await startInstallation(stack, chaosInstallation);
  cells = new Map(regions.map((region) => [region, new MongoClient(stack.mongod[region].adminUri)]));
  await declareLoad(installation, settings);
  subscribers = await startSubscribers(installation);
});
after(async () => {
  await Promise.all([...(cells?.values() ?? [])].map((cell) => cell.close()));
  await subscribers?.close();
  await installation?.stop();
  await ownStack?.stop();
});

test(
  `during chaos, every acknowledged change exists once and tenants stay isolated (TENURE_CHAOS_SEED=${settings.seed})`,
  { timeout: settings.durationMs + 900_000 },
  async (t) => {
    const started = performance.now();
    const since = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    const findings = createFindings();
    const run = await runChaos({
      installation,
      ...(ownStack === undefined ? {} : { stack: ownStack }),
      settings,
      tell: (line) => t.diagnostic(`${since()}: ${line}`),
    });
    for (const { victim, broken } of run.strikes)
      if (broken !== undefined) findings.add('unready', `${victim.name}: ${broken.message}`);
    await comeToRest(installation, findings);
    t.diagnostic(`${since()}: everything is idle`);
    const judged = await judge({ installation, cells }, run.recollection, findings);
    await findings.check('log', 'the log', async () => {
      await untilAllSequenced(installation);
      await assertLogComplete(installation);
    });
    const delivered = await subscribers?.check(findings);
    t.diagnostic(`events delivered: ${delivered?.events}, by ${delivered?.deliveries} requests`);
    t.diagnostic(`${since()}: the oracle has finished`);
    for (const line of await reportOf(installation, run, judged)) t.diagnostic(line);
    if (findings.all.length > 0)
      throw new Error(
        `${findings.all.length} findings (seed ${settings.seed}):\n${findings.all.map(({ word, message }) => `  ${word}: ${message}`).join('\n')}`,
      );
  },
);
