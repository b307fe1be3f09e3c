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

/** The time for each role, and the seed: see CONTRIBUTING.md. The defaults are those of `npm test`. */
const { TENURE_FUZZ_SECONDS: secondsText = '25', TENURE_FUZZ_SEED: seedText = '4711' } = process.env;
const seconds = Number(secondsText);
const randomSeed = seedText === 'random' ? randomInt(2 ** 31) : Number(seedText);

/** Every value at the edge of every parameter takes a minute or two for each role. */
const hasTimeForEdges = seconds >= 200;

/** If time is short, only the admin, who may do everything, sends random requests; other roles send the examples. */
function phasesOf(role: string): readonly string[] {
  if (hasTimeForEdges) return ['examples', 'coverage', 'fuzzing', 'stateful'];
  return role === 'admin' ? ['examples', 'fuzzing', 'stateful'] : ['examples'];
}

let command: string;
let installation: Installation;
let seeded: Seeded;
before(async () => {
  command = await acquireTool(schemathesis, { environment: process.env, report: console.error });
  // Only what is requested must happen, and the brake would stop most of it.
  installation = await startInstallation(attachToStack(), {
    settings: { TENURE_BRAKE_AT_LEAST: '1000000' },
  });
  seeded = await seed(installation);
});
after(() => installation.stop());

for (const [role, caller] of Object.entries(callers)) {
  test(`the answers of the API to ${role} match the OpenAPI document`, async () => {
    const token = await installation.token(role === 'tenant-admin' ? { ...caller, tenants: [seeded.own] } : caller);
    const known = await fetch(`${installation.server}/v1/operations/${seeded.names['operations']?.['id']?.[0]}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.notEqual(known.status, 401, 'the token is accepted; otherwise the rest tests nothing');
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
    // Printed at once: after a long run, the summary of the test runner comes much later.
    console.log(ok ? report.slice(report.indexOf('= SUMMARY =')) : report);
    assert.ok(ok, `TENURE_FUZZ_SEED=${randomSeed}: see the report above`);
  });
}
