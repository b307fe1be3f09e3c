import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { nameSchema } from '../contracts/identifiers.ts';
import { logLevels } from './logging.ts';
import { secretFileAccesses, secretFileFlaw, trustedFileFlaw } from './secret-file.ts';
import type { SecretFileAccess } from './secret-file.ts';

/** A setting that is missing or wrong; the text names each one and what it takes. */
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
/** How many of something one caller may have. */
const share = z.coerce.number().int().min(1).max(100_000);
const claim = z.string().regex(/^[^\s,]+( *, *[^\s,]+)*$/, 'must be the name of a claim, or a path to it');
const roleMapForm = /^ *[^=,]+=[a-z][a-z0-9_-]{0,63} *(, *[^=,]+=[a-z][a-z0-9_-]{0,63} *)*$/;
const host = z.string().min(1).default('127.0.0.1');

const sharedSettings = {
  TENURE_HOST: host.describe('Address on which the process listens, with all of its ports.'),
  TENURE_INSTALLATION: nameSchema.describe(
    'Name of this installation, written into every ledger entry. Never change it.',
  ),
  TENURE_CONTROL_URI: z
    .string()
    .startsWith('mongodb')
    .meta({ description: 'Connection string of the control deployment, with credentials. Secret.', secret: true }),
  TENURE_CONTROL_DATABASE: databaseName.default('tenure').describe('Database of the control data.'),
  TENURE_SECRETS_DATABASE: databaseName
    .default('tenure_secrets')
    .describe('Database of the wrapped keys and credentials, apart so that it can be granted and backed up apart.'),
  TENURE_CELLS_FILE: file.describe(
    'Path of the cells file, `{"<cell>": {"uri": "mongodb://…"}}`: where each cell is, with the credentials of its administrator. Secret.',
  ),
  TENURE_KEYRING_FILE: file.describe(
    'Path of the keyring that wraps tenant keys, `{"current": "<id>", "keys": {"<id>": "<32 bytes, base64>"}}`. A key stays in it while anything is wrapped under it. Secret.',
  ),
  TENURE_CODEC_KEYRING_FILE: file.describe(
    'Path of the keyring that encrypts what Temporal stores; the same form. Secret.',
  ),
  TENURE_SECRET_FILE_ACCESS: z
    .enum(secretFileAccesses)
    .default('private')
    .describe(
      'Whether files of secrets that others may read, or their group may write, are refused (`private`). `any` takes them: only where nobody else can get at them, as in a container of its own.',
    ),
  TENURE_TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s/]+:\d+$/, 'must be host:port')
    .describe('Temporal’s frontend, as host:port.'),
  TENURE_TEMPORAL_NAMESPACE: z.string().min(1).default('default').describe('Temporal namespace of the workflows.'),
  TENURE_TASK_QUEUE: z
    .string()
    .min(1)
    .default('tenure')
    .describe('Task queue between API and workers; the same for both.'),
  TENURE_POLICY_BUNDLE: file.describe(
    'Path of the folder with the compiled policy: policy.wasm, data.json, bundle.json.',
  ),
  TENURE_LOG_LEVEL: z.enum(logLevels).default('info').describe('Least severe level that is logged.'),
  TENURE_FAILPOINT_DIR: file
    .optional()
    .describe('Path of a folder through which tests make the process fail at named places. Leave it unset.'),
};

const brakeSettings = {
  TENURE_BRAKE_SHARE: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe(
      'Share of all tenants, 0 to 1, that may be suspended, deleted or purged within the window before somebody must confirm.',
    ),
  TENURE_BRAKE_AT_LEAST: z.coerce.number().int().min(0).default(10).describe('So many may be in any case.'),
  TENURE_BRAKE_WINDOW_SECONDS: z.coerce.number().int().min(1).max(86_400).default(3600).describe('The window.'),
};

/** Settings of the API process. */
export const apiSettings = z.object({
  ...sharedSettings,
  ...brakeSettings,
  TENURE_API_PORT: port.default(8080).describe('Port of the API.'),
  TENURE_MAX_WATCHES: z.coerce
    .number()
    .int()
    .min(0)
    .max(100_000)
    .default(1_000)
    .describe('So many streams of changes the process serves at once; each takes a connection and some memory.'),
  TENURE_MAX_WATCHES_PER_CALLER: share
    .default(100)
    .describe('So many of them one caller, which is the `sub` of its tokens, may have open.'),
  TENURE_MAX_REQUESTS_PER_CALLER: share
    .default(200)
    .describe('So many requests one caller may have under way at once; further ones are answered 429.'),
  TENURE_MAX_WAITS_PER_CALLER: share.default(100).describe('So many of them may wait for the end of an operation.'),
  TENURE_KEEP_ALIVE_SECONDS: z.coerce
    .number()
    .int()
    .min(1)
    .max(3600)
    .default(75)
    .describe(
      'How long a connection is kept without a request. Longer than whatever is in front of the API keeps it, so that nothing is sent on one that is just being closed.',
    ),
  TENURE_DRAIN_SECONDS: z.coerce
    .number()
    .int()
    .min(0)
    .max(300)
    .default(5)
    .describe(
      'How long a process that is to stop says that it is not ready, and takes requests as before, so that whatever sends them here has heard of it. Then it takes none.',
    ),
  TENURE_API_OPS_PORT: port.default(9464).describe('Port of the API’s health and metrics server.'),
  TENURE_JWKS_FILE: file.describe('Path of the JSON Web Key Set with the issuer’s public keys.'),
  TENURE_JWT_ROLES_CLAIM: claim
    .default('roles')
    .describe(
      'Where tokens hold roles: the name of a claim, a path with dots (`realm_access.roles`), or a JSON Pointer (`/resource_access/my.client/roles`); several with commas between. What stands there is a list, or text with spaces or commas between.',
    ),
  TENURE_JWT_ROLE_MAP: z
    .string()
    .regex(roleMapForm, 'must be NAME=ROLE, with commas between several')
    .optional()
    .describe(
      'What the issuer’s roles or groups are here, `platform-admins=admin,/on-call=operator`. Where it is set, one that it does not name is no role; otherwise they are taken as they are.',
    ),
  TENURE_JWT_TENANTS_CLAIM: claim
    .default('tenants')
    .describe(
      'Where tokens hold the uids of the tenants that they are confined to, in the same way. A token without it is not confined.',
    ),
  TENURE_JWT_SUBJECT_CLAIM: claim
    .default('sub')
    .describe('Where tokens hold who is acting, in the same way: what entries and operations show.'),
  TENURE_JWT_ISSUER: z.string().min(1).describe('The `iss` that bearer tokens must have.'),
  TENURE_JWT_AUDIENCE: z.string().min(1).describe('The `aud` that bearer tokens must have.'),
});

/** Settings of the worker process. */
export const workerSettings = z.object({
  ...sharedSettings,
  ...brakeSettings,
  TENURE_DRIFT_SCAN_SECONDS: z.coerce
    .number()
    .int()
    .min(5)
    .max(86_400)
    .default(300)
    .describe(
      'How often everything on the cells is compared with what is declared. Each worker sets the schedule to this once, when it starts, so the one that was started last decides.',
    ),
  TENURE_WORKER_OPS_PORT: port.default(9465).describe('Port of the worker’s health and metrics server.'),
  TENURE_WORKFLOW_BUNDLE: file
    .optional()
    .describe(
      'Path of the bundle of workflows that was built with this build’s sources. Without it the worker builds one when it starts, which takes some seconds.',
    ),
  TENURE_WORKER_CACHED_WORKFLOWS: z.coerce
    .number()
    .int()
    .min(1)
    .default(200)
    .describe('Workflows that the worker keeps in memory between their tasks.'),
});

export type ApiConfig = z.infer<typeof apiSettings>;
export type WorkerConfig = z.infer<typeof workerSettings>;

/** What one caller may have of a process. */
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

/** Where tokens hold what is read of them. */
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

/** What the mass-change brake lets pass. */
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

/** What the process was started with, for who explains it. */
export function processEnvironment(): Environment {
  return process.env;
}

function read<Schema extends z.ZodType>(schema: Schema, environment: Environment): z.infer<Schema> {
  // A setting without text, as an env file leaves it, is not set.
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

function readJsonFile<Schema extends z.ZodType>(
  setting: string,
  path: string,
  schema: Schema,
  accessFlaw: (path: string) => string | undefined,
): z.infer<Schema> {
  let text: string;
  let flaw: string | undefined;
  try {
    // As editors save it: a byte order mark is no part of the text.
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
    flaw = accessFlaw(path);
  } catch (error) {
    throw new ConfigError([
      `${setting} names a file that cannot be read: ${error instanceof Error ? error.message : path}`,
    ]);
  }
  if (flaw !== undefined) throw new ConfigError([`${setting} ${flaw}`]);
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    // The file may hold secrets: say nothing of what is in it.
    throw new ConfigError([
      `${setting} names a file of another form: ${path}; docs/reference/configuration.md says which one it must have`,
    ]);
  }
}

const keyringSchema = z
  .strictObject({ current: z.string().min(1), keys: z.record(z.string(), z.base64()) })
  .refine((ring) => Object.hasOwn(ring.keys, ring.current));

/** Reads a keyring file: `{"current": "<id>", "keys": {"<id>": "<32 bytes, base64>"}}`. @throws ConfigError */
export function readKeyring(
  setting: string,
  path: string,
  access: SecretFileAccess = 'private',
): { current: string; keys: Map<string, Buffer> } {
  const ring = readJsonFile(setting, path, keyringSchema, (named) => secretFileFlaw(named, access));
  const keys = new Map(Object.entries(ring.keys).map(([id, encoded]) => [id, Buffer.from(encoded, 'base64')]));
  if ([...keys.values()].some((key) => key.length !== 32))
    throw new ConfigError([`${setting}: every key must be 32 bytes`]);
  return { current: ring.current, keys };
}

const cellsSchema = z.record(nameSchema, z.strictObject({ uri: z.string().startsWith('mongodb') }));

/** Reads the cells file: `{"<cell>": {"uri": "mongodb://…"}}`. @throws ConfigError */
export function readCells(path: string, access: SecretFileAccess = 'private'): Map<string, { uri: string }> {
  return new Map(
    Object.entries(readJsonFile('TENURE_CELLS_FILE', path, cellsSchema, (named) => secretFileFlaw(named, access))),
  );
}

const jwksSchema = z.looseObject({ keys: z.array(z.looseObject({ kty: z.string() })).min(1) });

/** Reads a JSON Web Key Set of public keys. @throws ConfigError */
export function readJwks(path: string): { keys: { kty: string }[] } {
  return readJsonFile('TENURE_JWKS_FILE', path, jwksSchema, trustedFileFlaw);
}
