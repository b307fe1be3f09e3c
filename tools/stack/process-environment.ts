import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { StackDescription } from './description.ts';
import type { Ports } from './ports.ts';
import { tokenAudience, tokenIssuer } from './token-issuer.ts';

/** Settings that must differ between installations on one stack; the defaults are those of `npm start`. */
export interface InstallationOptions {
  readonly installation?: string;
  readonly controlDatabase?: string;
  readonly secretsDatabase?: string;
  readonly taskQueue?: string;
  readonly apiPort?: number;
  readonly apiOpsPort?: number;
  readonly workerOpsPort?: number;
  readonly logLevel?: string;
}

/** Everything that distinguishes an installation of tests from the others on its stack. */
export function testInstallation(
  id: string,
  { api, apiOps, workerOps }: Pick<Ports, 'api' | 'apiOps' | 'workerOps'>,
): Required<Omit<InstallationOptions, 'logLevel'>> {
  return {
    installation: `test-${id}`,
    controlDatabase: `tenure_${id}`,
    secretsDatabase: `tenure_${id}_secrets`,
    taskQueue: `tenure-${id}`,
    apiPort: api,
    apiOpsPort: apiOps,
    workerOpsPort: workerOps,
  };
}

export const defaultDatabases = { control: 'tenure', secrets: 'tenure_secrets' } as const;

/** The output of `tools/workflow-bundle.ts`. */
export const workflowBundlePath = fileURLToPath(new URL('../../workflows/dist/workflow-bundle.js', import.meta.url));
const policyBundleDirectory = fileURLToPath(new URL('../../policies/dist', import.meta.url));

/** The environment variables with which the API and the worker find this stack. */
export function processEnvironment(
  stack: StackDescription,
  options: InstallationOptions = {},
): Readonly<Record<string, string>> {
  const installation = options.installation ?? 'tenure-embedded';
  return {
    TENURE_INSTALLATION: installation,
    TENURE_CONTROL_URI: stack.mongod.control.uri,
    TENURE_CONTROL_DATABASE: options.controlDatabase ?? defaultDatabases.control,
    TENURE_SECRETS_DATABASE: options.secretsDatabase ?? defaultDatabases.secrets,
    TENURE_CELLS_FILE: stack.files.cells,
    TENURE_KEYRING_FILE: stack.files.keyring,
    TENURE_CODEC_KEYRING_FILE: stack.files.codecKeyring,
    TENURE_LOG_KEY_FILE: stack.files.logKey,
    // Receivers run on the same machine.
    TENURE_WEBHOOK_ALLOWED_RANGES: '127.0.0.0/8,::1/128',
    TENURE_WEBHOOK_HTTP: 'allowed',
    TENURE_LOG_HEAD_FILE: join(stack.dataDirectory, `${installation}.log-head.json`),
    TENURE_TEMPORAL_ADDRESS: stack.temporal.address,
    TENURE_TEMPORAL_NAMESPACE: stack.temporal.namespace,
    TENURE_TASK_QUEUE: options.taskQueue ?? 'tenure',
    TENURE_POLICY_BUNDLE: policyBundleDirectory,
    TENURE_WORKFLOW_BUNDLE: workflowBundlePath,
    TENURE_HOST: '127.0.0.1',
    TENURE_API_PORT: String(options.apiPort ?? stack.ports.api),
    TENURE_API_OPS_PORT: String(options.apiOpsPort ?? stack.ports.apiOps),
    TENURE_WORKER_OPS_PORT: String(options.workerOpsPort ?? stack.ports.workerOps),
    TENURE_JWKS_FILE: stack.files.jwks,
    TENURE_JWT_ISSUER: tokenIssuer,
    TENURE_JWT_AUDIENCE: tokenAudience,
    // There is no load balancer in front of it.
    TENURE_DRAIN_SECONDS: '0',
    TENURE_LOG_LEVEL: options.logLevel ?? 'info',
  };
}
