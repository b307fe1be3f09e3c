import type { ApiClient } from '../../client/api-client.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { startInstallation } from '../harness/installation.ts';
import type { Installation } from '../harness/installation.ts';
import { declareBasics } from '../harness/manifests.ts';
import { progress } from './progress.ts';

/** An installation with regions and plans, for one part of a benchmark. */
export interface BenchInstallation {
  readonly installation: Installation;
  readonly api: ApiClient;
}

/** No brake on many changes at once; one caller opens all watches. */
const settings = {
  TENURE_BRAKE_AT_LEAST: '1000000',
  TENURE_MAX_WATCHES_PER_CALLER: '1000',
};

/** Runs the work on its own installation, and stops the installation afterwards. */
export async function withInstallation<T>(
  stack: EmbeddedStack,
  work: (bench: BenchInstallation) => Promise<T>,
  { replicas = 1 }: { readonly replicas?: number } = {},
): Promise<T> {
  progress('starting an installation');
  const installation = await startInstallation(stack, { settings, replicas });
  try {
    const api = installation.client();
    await declareBasics(api);
    return await work({ installation, api });
  } finally {
    await installation.stop();
  }
}
