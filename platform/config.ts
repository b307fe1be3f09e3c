import { existsSync } from 'node:fs';
import { z } from 'zod';
import { nameSchema } from '../contracts/identifiers.ts';
import { logLevels } from './logging.ts';
import { secretFileAccesses } from './secret-file.ts';

/** A setting is missing or wrong. The message names each such setting and the values it accepts. */
export class ConfigError extends Error {
  constructor(flaws: readonly string[]) {
    super(`configuration: ${flaws.join('; ')}`);
    this.name = 'ConfigError';
  }
}

const port = z.coerce.number().int().min(0).max(65_535);
const file = z.string().min(1);
const databaseName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,37}$/, 'must be a database name of lower-case letters, digits and "_"');
/** A limit per caller. */
const share = z.coerce.number().int().min(1).max(100_000);
const claim = z.string().regex(/^[^\s,]+( *, *[^\s,]+)*$/, 'must be the name of a claim, or a path to it');
const roleMapForm = /^ *[^=,]+=[a-z][a-z0-9_-]{0,63} *(, *[^=,]+=[a-z][a-z0-9_-]{0,63} *)*$/;
const cidrForm = /^ *[0-9a-fA-F:.]+\/\d{1,3} *(, *[0-9a-fA-F:.]+\/\d{1,3} *)*$/;
const host = z.string().min(1).default('127.0.0.1');

const sharedSettings = {
  TENURE_HOST: host.describe('Address on which the process listens, for all of its ports.'),
  TENURE_INSTALLATION: nameSchema.describe(
    'Name of this installation. It is part of every ledger entry; never change it.',
  ),
  TENURE_CONTROL_URI: z
    .string()
    .startsWith('mongodb')
    .meta({ description: 'Connection string of the control deployment, including credentials. Secret.', secret: true }),
  TENURE_CONTROL_DATABASE: databaseName.default('tenure').describe('Name of the control database.'),
  TENURE_SECRETS_DATABASE: databaseName
    .default('tenure_secrets')
    .describe(
      'Name of the database of wrapped keys and credentials. It is separate, so that you can grant access to it and back it up separately.',
    ),
  TENURE_CELLS_FILE: file.describe(
    'Path of the cells file, `{"<cell>": {"uri": "mongodb://…"}}`: the address of each cell, with the credentials of its administrator. Secret.',
  ),
  TENURE_KEYRING_FILE: file.describe(
    'Path of the keyring that wraps tenant keys, `{"current": "<id>", "keys": {"<id>": "<32 bytes, base64>"}}`. Keep a key in this file as long as anything is wrapped with it. Secret.',
  ),
  TENURE_CODEC_KEYRING_FILE: file.describe(
    'Path of the keyring that encrypts the data Temporal stores, in the same format. Secret.',
  ),
  TENURE_SECRET_FILE_ACCESS: z
    .enum(secretFileAccesses)
    .default('private')
    .describe(
      '`private` rejects secret files that others can read or the group can write. `any` accepts them; use it only where nobody else can access the files, such as in a dedicated container.',
    ),
  TENURE_TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'must be host:port')
    .describe('Address of the Temporal frontend, as host:port.'),
  TENURE_TEMPORAL_NAMESPACE: z
    .string()
    .min(1)
    .default('default')
    .describe('Temporal namespace in which the workflows run.'),
  TENURE_TASK_QUEUE: z
    .string()
    .min(1)
    .default('tenure')
    .describe('Task queue between the API and the workers. Must be the same for both.'),
  TENURE_POLICY_BUNDLE: file.describe(
    'Path of the directory with the compiled policy: policy.wasm, data.json, bundle.json.',
  ),
  TENURE_LOG_LEVEL: z.enum(logLevels).default('info').describe('Lowest level that is logged.'),
  TENURE_FAILPOINT_DIR: file
    .optional()
    .describe('Path of a directory through which tests make the process fail at named points. Leave it unset.'),
};

const webhookSettings = {
  TENURE_WEBHOOK_ALLOWED_RANGES: z
    .string()
    .regex(cidrForm, 'must be IP ranges such as 10.0.0.0/8 or fd00::/8, separated by commas')
    .optional()
    .describe(
      'IP ranges that are not public, to which webhooks may be sent nevertheless: `10.1.0.0/16,fd12::/16`. If not set, webhooks go only to public addresses.',
    ),
  TENURE_WEBHOOK_HTTP: z
    .enum(['refused', 'allowed'])
    .default('refused')
    .describe('Whether webhooks may have an `http` URL.'),
};

const brakeSettings = {
  TENURE_BRAKE_SHARE: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      'Share of all tenants, from 0 to 1, that can be suspended, deleted or purged within the window without confirmation.',
    ),
  TENURE_BRAKE_AT_LEAST: z.coerce
    .number()
    .int()
    .min(0)
    .default(10)
    .describe(
      'Number of tenants that can be suspended, deleted or purged within the window in any case, whatever the share.',
    ),
  TENURE_BRAKE_WINDOW_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(86_400)
    .default(3600)
    .describe('Length of the window, in seconds.'),
};

/** Settings of the API process. */
export const apiSettings = z.object({
  ...sharedSettings,
  ...brakeSettings,
  ...webhookSettings,
  TENURE_API_PORT: port.default(8080).describe('Port of the API.'),
  TENURE_MAX_SEQUENCING_LAG_SECONDS: z.coerce
    .number()
    .int()
    .min(10)
    .max(86_400)
    .default(300)
    .describe(
      'How long an entry of the ledger may wait for its place in the log, in seconds. Beyond that, changes get a 503 response until the log has caught up.',
    ),
  TENURE_MAX_WATCHES: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(1_000)
    .describe(
      'Maximum number of watch streams that the process serves at once. Each one uses a connection and some memory.',
    ),
  TENURE_MAX_WATCHES_PER_CALLER: share
    .default(100)
    .describe('Maximum number of watch streams that one caller (the `sub` of its tokens) can have open.'),
  TENURE_MAX_REQUESTS_PER_CALLER: share
    .default(200)
    .describe(
      'Maximum number of requests that one caller can have in progress at once. Further requests get a 429 response.',
    ),
  TENURE_MAX_WAITS_PER_CALLER: share
    .default(100)
    .describe('Maximum number of these requests that can wait for the end of an operation.'),
  TENURE_KEEP_ALIVE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(75)
    .describe(
      'How long an idle connection is kept open, in seconds. Use a longer time than the proxy or load balancer in front of the API, so that it never sends a request on a connection that is being closed.',
    ),
  TENURE_DRAIN_SECONDS: z.coerce
    .number()
    .int()
    .min(0)
    .max(300)
    .default(5)
    .describe(
      'How long a stopping process reports that it is not ready while it still accepts requests, in seconds. This gives load balancers time to react. After that, it accepts no more requests.',
    ),
  TENURE_API_OPS_PORT: port.default(9464).describe('Port of the API’s health and metrics server.'),
  TENURE_JWKS_FILE: file.describe('Path of the JSON Web Key Set with the public keys of the issuer.'),
  TENURE_JWT_ROLES_CLAIM: claim
    .default('roles')
    .describe(
      'The claim that holds the roles: a claim name, a dotted path (`realm_access.roles`), or a JSON Pointer (`/resource_access/my.client/roles`). Separate several with commas. The value is a list, or a string separated by spaces or commas.',
    ),
  TENURE_JWT_ROLE_MAP: z
    .string()
    .regex(roleMapForm, 'must be NAME=ROLE pairs, separated by commas')
    .optional()
    .describe(
      'Maps roles or groups of the issuer to roles of Tenure: `platform-admins=admin,/on-call=operator`. If set, names that are not listed are ignored. If not set, names are used unchanged.',
    ),
  TENURE_JWT_TENANTS_CLAIM: claim
    .default('tenants')
    .describe(
      'The claim that holds the uids of the tenants to which the token is confined, in the same format. A token without this claim is not confined.',
    ),
  TENURE_JWT_SUBJECT_CLAIM: claim
    .default('sub')
    .describe('The claim that holds the subject, in the same format. Ledger entries and operations show this value.'),
  TENURE_JWT_ISSUER: z.string().min(1).describe('Required `iss` of bearer tokens.'),
  TENURE_JWT_AUDIENCE: z.string().min(1).describe('Required `aud` of bearer tokens.'),
});

/** Settings of the worker process. */
export const workerSettings = z.object({
  ...sharedSettings,
  ...brakeSettings,
  ...webhookSettings,
  TENURE_DRIFT_SCAN_SECONDS: z.coerce
    .number()
    .int()
    .min(5)
    .max(86_400)
    .default(300)
    .describe(
      'How often the actual state of all cells is compared with the declared state, in seconds. Each worker sets the schedule when it starts, so the last worker started decides.',
    ),
  TENURE_SWEEP_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(60)
    .default(10)
    .describe(
      'How often the sweep starts stalled operations and due work, in seconds. Each worker sets the schedule when it starts, so the last worker started decides; a running sweep keeps its interval until it ends.',
    ),
  TENURE_SEQUENCER: z
    .enum(['on', 'off'])
    .default('on')
    .describe(
      'Whether this worker can sequence the ledger. In each installation one process does; the others take over when it stops.',
    ),
  TENURE_LOG_KEY_FILE: file
    .optional()
    .describe(
      'Path of the Ed25519 private keys that sign the heads of the ledger’s log, in PEM. If there are several, each signs. If not set, the log is sequenced but not signed. Secret.',
    ),
  TENURE_LOG_HEAD_FILE: file
    .optional()
    .describe(
      'Path of a file in which the worker remembers the last head that it signed. Keep it on a disk that outlasts the process, and that a restore of the control database does not touch: a log that does not begin with what was signed is not signed any more.',
    ),
  TENURE_WORKER_OPS_PORT: port.default(9465).describe('Port of the worker’s health and metrics server.'),
  TENURE_WORKFLOW_BUNDLE: file
    .optional()
    .describe(
      'Path of the workflow bundle built from the sources of this build. If not set, the worker builds the bundle when it starts, which takes some seconds.',
    ),
  TENURE_WORKER_CACHED_WORKFLOWS: z.coerce
    .number()
    .int()
    .min(1)
    .default(200)
    .describe('Number of workflows that the worker keeps in memory between their tasks.'),
});

export type ApiConfig = z.infer<typeof apiSettings>;
export type WorkerConfig = z.infer<typeof workerSettings>;

/** The limits per caller of one process. */
export function shareLimits(config: ApiConfig): {
  requestsPerCaller: number;
  watchesPerCaller: number;
  waitsPerCaller: number;
} {
  return {
    requestsPerCaller: config.TENURE_MAX_REQUESTS_PER_CALLER,
    watchesPerCaller: config.TENURE_MAX_WATCHES_PER_CALLER,
    waitsPerCaller: config.TENURE_MAX_WAITS_PER_CALLER,
  };
}

/** The claims from which tokens are read. */
export function claimPlaces(
  config: Pick<
    ApiConfig,
    'TENURE_JWT_ROLES_CLAIM' | 'TENURE_JWT_ROLE_MAP' | 'TENURE_JWT_TENANTS_CLAIM' | 'TENURE_JWT_SUBJECT_CLAIM'
  >,
): { subject: string; roles: string[]; tenants: string; roleMap?: Map<string, string> } {
  const parts = (text: string): string[] => text.split(',').map((part) => part.trim());
  const map = config.TENURE_JWT_ROLE_MAP;
  return {
    subject: config.TENURE_JWT_SUBJECT_CLAIM,
    roles: parts(config.TENURE_JWT_ROLES_CLAIM),
    tenants: config.TENURE_JWT_TENANTS_CLAIM,
    ...(map === undefined
      ? {}
      : {
          roleMap: new Map(
            parts(map).map((pair) => [pair.slice(0, pair.lastIndexOf('=')), pair.slice(pair.lastIndexOf('=') + 1)]),
          ),
        }),
  };
}

/** The ranges to which webhooks may be sent although they are not public. */
export function webhookRanges(config: Pick<ApiConfig, keyof typeof webhookSettings>): string[] {
  return (config.TENURE_WEBHOOK_ALLOWED_RANGES ?? '')
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '');
}

/** The limits of the mass-change brake. */
export function massChangeLimits(config: Pick<ApiConfig, keyof typeof brakeSettings>): {
  share: number;
  atLeast: number;
  windowMs: number;
} {
  return {
    share: config.TENURE_BRAKE_SHARE,
    atLeast: config.TENURE_BRAKE_AT_LEAST,
    windowMs: config.TENURE_BRAKE_WINDOW_SECONDS * 1000,
  };
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of the process, for code that explains the configuration. */
export function processEnvironment(): Environment {
  return process.env;
}

function read<Schema extends z.ZodType>(schema: Schema, environment: Environment): z.infer<Schema> {
  // An env file can leave a setting empty; that counts as not set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    parsed.error.issues.map(
      (issue) => `${issue.path.join('.')} ${given[String(issue.path[0])] === undefined ? 'is not set' : issue.message}`,
    ),
  );
}

/** @throws ConfigError */
export function readApiConfig(environment: Environment = process.env): ApiConfig {
  return read(apiSettings, environment);
}

/** @throws ConfigError */
export function readWorkerConfig(environment: Environment = process.env): WorkerConfig {
  return read(workerSettings, environment);
}

/** @throws ConfigError */
export function requireWorkflowBundle(path: string): void {
  if (!existsSync(path)) throw new ConfigError([`TENURE_WORKFLOW_BUNDLE names a file that does not exist: ${path}`]);
}
