import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { acquireToolchain } from '../toolchain/acquire.ts';
import { createEmbeddedStack } from './embedded-stack.ts';
import type { EmbeddedStack, EmbeddedStackOptions } from './embedded-stack.ts';
import { freePorts } from './ports.ts';

/**
 * A stack for tests: free ports, a temporary data directory, root on `control`, no UI, and Temporal in memory.
 * `changes` replaces single options; `environment` selects the binaries.
 */
export async function createTemporaryStack({
  environment = process.env,
  ...changes
}: Partial<EmbeddedStackOptions> & { environment?: NodeJS.ProcessEnv } = {}): Promise<EmbeddedStack> {
  return await createEmbeddedStack({
    dataDirectory: changes.dataDirectory ?? mkdtempSync(join(tmpdir(), 'tenure-stack-')),
    temporary: true,
    ports: changes.ports ?? (await freePorts()),
    tools: changes.tools ?? (await acquireToolchain({ environment, report: console.error })),
    temporalStorage: 'memory',
    temporalUi: false,
    controlDatabases: 'any',
    ...changes,
  });
}
