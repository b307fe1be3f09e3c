import { MongoClient } from 'mongodb';
import type { Client } from '@temporalio/client';
import { createApiClient } from '../../client/api-client.ts';
import type { ApiClient } from '../../client/api-client.ts';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import { readKeyring } from '../../platform/config-files.ts';
import { createTemporalClient } from '../../platform/temporal-client.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { armFailpoint } from '../harness/armed-failpoint.ts';
import type { ArmedFailpoint } from '../harness/armed-failpoint.ts';
import { startInstallation } from '../harness/installation.ts';
import type { Installation } from '../harness/installation.ts';
import { declareBasics } from '../harness/manifests.ts';
import { plans } from './declarations.ts';

/** One installation for fault injection, with everything that is needed to inject faults and to see their results. */
export interface TestBed {
  readonly stack: EmbeddedStack;
  readonly installation: Installation;
  /** Repeats a request that is not answered, under the same idempotency key, as a caller should. */
  readonly api: ApiClient;
  readonly temporal: Client;
  /** A client of each cell as root, by region. */
  readonly cells: ReadonlyMap<string, MongoClient>;
  /** Makes the next process that reaches this failpoint in work for this tenant wait there. */
  pauseAt(failpoint: string, tenant: string): ArmedFailpoint;
  stop(): Promise<void>;
}

export const regions = ['eu-west-1', 'us-east-1'] as const;

/** Longer than a request that died keeps its idempotency key. */
const repeatForMs = 90_000;

/** No number of tenants counts as a mass change. Drift scans run beside the operations, as in an installation. */
const settings = { TENURE_BRAKE_AT_LEAST: '1000000', TENURE_DRIFT_SCAN_SECONDS: '300' };

export async function createTestBed(stack: EmbeddedStack): Promise<TestBed> {
  const installation = await startInstallation(stack, { settings });
  await declareBasics(installation.client());
  const [, second] = plans;
  await installation.client().call('putPlan', {
    params: { name: second },
    ifNoneMatch: '*',
    body: {
      apiVersion,
      kind: 'Plan',
      metadata: { name: second },
      spec: { isolationModes: ['dedicated', 'schema', 'hybrid'], quotas: { tables: 100 } },
    },
  });
  const { client: temporal, close } = createTemporalClient({
    ...stack.temporal,
    keyring: readKeyring('codec', stack.files.codecKeyring),
  });
  const cells = new Map(regions.map((region) => [region, new MongoClient(stack.mongod[region].adminUri)]));
  return {
    stack,
    installation,
    api: createApiClient({ server: installation.server, token: () => installation.token(), retryForMs: repeatForMs }),
    temporal,
    cells,
    pauseAt: (failpoint, tenant) => armFailpoint(installation, `${failpoint}@${tenant}`, 'pause'),
    async stop() {
      await close();
      await Promise.all([...cells.values()].map((cell) => cell.close()));
      await installation.stop();
    },
  };
}
