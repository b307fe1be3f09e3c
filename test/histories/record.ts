import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

import { readKeyring } from '../../platform/config-files.ts';
import { createTemporalClient } from '../../platform/temporal-client.ts';
import { startInstallation } from '../harness/installation.ts';
import { declareBasics } from '../harness/manifests.ts';
import { until } from '../harness/until.ts';
import { scenarios } from './scenarios.ts';
import { compile } from '../../tools/compile.ts';
import { OperatorError, runMain } from '../../tools/process/operator-error.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { acquireToolchain, toolVariables } from '../../tools/toolchain/acquire.ts';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const recorded = path('./recorded');
const codecKeyring = path('./codec-keyring.json');

/**
 * Records the histories of all scenarios again, or only of those that are named, with the key with which the replay
 * test reads them.
 */
async function main(): Promise<number> {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !scenarios.some((scenario) => scenario.name === name));
  if (unknown.length > 0)
    throw new OperatorError(
      `unknown scenario: ${unknown.join(', ')}; give any of ${scenarios.map(({ name }) => name).join(', ')}`,
    );
  const tools = await acquireToolchain({ environment: process.env, report: console.error });
  await compile(process.env);
  const stack = await createTemporaryStack({ environment: { ...process.env, ...toolVariables(tools) } });
  try {
    const installation = await startInstallation(stack, {
      settings: {
        TENURE_CODEC_KEYRING_FILE: codecKeyring,
        TENURE_SECRET_FILE_ACCESS: 'any',
        TENURE_BRAKE_AT_LEAST: '1000',
      },
    });
    const temporal = createTemporalClient({
      ...stack.temporal,
      keyring: readKeyring('codec keyring', codecKeyring, 'any'),
    });
    try {
      await declareBasics(installation.client());
      if (named.length === 0) rmSync(recorded, { recursive: true, force: true });
      mkdirSync(recorded, { recursive: true });
      for (const { name, run } of scenarios.filter((scenario) => named.length === 0 || named.includes(scenario.name))) {
        const handle = temporal.client.workflow.getHandle(await run(installation, temporal.client));
        await until(`${name} is closed`, async () => (await handle.describe()).status.name !== 'RUNNING');
        writeFileSync(join(recorded, `${name}.json`), `${historyToJSON(await handle.fetchHistory())}\n`);
        console.log(`recorded ${name}`);
      }
      return 0;
    } finally {
      await temporal.close();
      await installation.stop();
    }
  } finally {
    await stack.stop();
  }
}

await runMain(main);
