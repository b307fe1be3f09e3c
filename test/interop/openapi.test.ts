import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { acquireTool } from '../../tools/toolchain/acquire.ts';
import { attachToStack } from '../../tools/stack/attach.ts';
import { schemathesis } from '../../tools/toolchain/tools.ts';
import { startInstallation } from '../harness/installation.ts';
import type { Installation } from '../harness/installation.ts';
import { runSchemathesis } from './schemathesis.ts';
import { callers, seed } from './seeded-api.ts';
import type { Seeded } from './seeded-api.ts';

/** How long for each role, and from where: see CONTRIBUTING.md. Without it, what `npm test` has the time for. */
const { TENURE_FUZZ_SECONDS: secondsText = '25', TENURE_FUZZ_SEED: seedText = '4711' } = process.env;
const seconds = Number(secondsText);
const randomSeed = seedText === 'random' ? randomInt(2 ** 31) : Number(seedText);

/** Every value at the edge of every parameter takes a minute or two for each role. */
const hasTimeForEdges = seconds >= 200;

/** Where time is short, who may do everything is tried at random, and everybody else with the examples only. */
function phasesOf(role: string): readonly string[] {
  if (hasTimeForEdges) return ['examples', 'coverage', 'fuzzing', 'stateful'];
  return role === 'admin' ? ['examples', 'fuzzing', 'stateful'] : ['examples'];
}

let command: string;
let installation: Installation;
let seeded: Seeded;
before(async () => {
  command = await acquireTool(schemathesis, { environment: process.env, report: console.error });
  // Nothing but what is asked for is to happen, and the brake would stop most of it.
  installation = await startInstallation(attachToStack(), {
    settings: { TENURE_BRAKE_AT_LEAST: '1000000', TENURE_DRIFT_SCAN_SECONDS: '86400' },
  });
  seeded = await seed(installation);
});
after(() => installation.stop());

for (const [role, caller] of Object.entries(callers)) {
  test(`what the API answers to ${role} is what the OpenAPI document says`, async () => {
    const token = await installation.token(role === 'tenant-admin' ? { ...caller, tenants: [seeded.own] } : caller);
    const known = await fetch(`${installation.server}/v1/operations/${seeded.names['operations']?.['id']?.[0]}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.notEqual(known.status, 401, 'or everything that follows would be about nothing');
    const { ok, report } = await runSchemathesis({
      command,
      server: installation.server,
      token,
      names: seeded.names,
      phases: phasesOf(role),
      maxExamples: hasTimeForEdges ? 20 : 2,
      seconds,
      seed: randomSeed,
    });
    // At once: where this runs for long, the runner's own summary is far away.
    console.log(ok ? report.slice(report.indexOf('= SUMMARY =')) : report);
    assert.ok(ok, `TENURE_FUZZ_SEED=${randomSeed}: see the report above`);
  });
}
