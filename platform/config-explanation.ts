import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError, requireWorkflowBundle } from './config.ts';
import { readCells, readJwks, readKeyring } from './config-files.ts';
import type { Environment } from './config.ts';
import { readLogKeys } from './log-keys.ts';
import type { SecretFileAccess } from './secret-file.ts';
import { redact } from './logging.ts';

/** A setting as a process reads it. */
export interface ExplainedSetting {
  readonly name: string;
  /** Without secrets; absent if not set. */
  readonly value?: string;
  readonly origin: 'environment' | 'default' | 'not set';
  /** What is wrong with the setting, and how to fix it. */
  readonly flaw?: { readonly message: string; readonly fix: string };
}

/** Reads the files that settings name, as the process does when it starts. @throws ConfigError */
const fileReaders: Readonly<Record<string, (path: string, access: SecretFileAccess) => unknown>> = {
  TENURE_CELLS_FILE: readCells,
  TENURE_KEYRING_FILE: (path, access) => readKeyring('TENURE_KEYRING_FILE', path, access),
  TENURE_CODEC_KEYRING_FILE: (path, access) => readKeyring('TENURE_CODEC_KEYRING_FILE', path, access),
  TENURE_LOG_KEY_FILE: readLogKeys,
  TENURE_JWKS_FILE: readJwks,
  TENURE_POLICY_BUNDLE(path) {
    if (!existsSync(join(path, 'policy.wasm')))
      throw new ConfigError([`TENURE_POLICY_BUNDLE names a directory without policy.wasm: ${path}`]);
  },
  TENURE_WORKFLOW_BUNDLE: requireWorkflowBundle,
};

/** Explains every setting in the schema of a process, and reads the files that they name. */
export function explainSettings(schema: z.ZodObject, environment: Environment): ExplainedSetting[] {
  const access = environment['TENURE_SECRET_FILE_ACCESS'] === 'any' ? 'any' : 'private';
  return Object.entries(schema.shape).map(([name, field]): ExplainedSetting => {
    const { description = '', secret } = z.globalRegistry.get(field) ?? {};
    // An env file can leave a setting empty; that counts as not set.
    const given = environment[name] === '' ? undefined : environment[name];
    const parsed = (field as z.ZodType).safeParse(given);
    const fallback = z
      .union([z.string(), z.number()])
      .optional()
      .parse(given === undefined ? parsed.data : undefined);
    const origin = given !== undefined ? 'environment' : fallback === undefined ? 'not set' : 'default';
    const raw = given ?? fallback?.toString();
    const value = raw === undefined ? undefined : secret === true ? '(hidden)' : redact(raw);
    const message = parsed.success
      ? fileFlaw(name, given, access)
      : given === undefined
        ? 'is not set'
        : (parsed.error.issues[0]?.message ?? 'is not valid');
    return {
      name,
      ...(value === undefined ? {} : { value }),
      origin,
      ...(message === undefined
        ? {}
        : { flaw: { message: redact(message), fix: `${given === undefined ? 'set' : 'correct'} it: ${description}` } }),
    };
  });
}

function fileFlaw(name: string, path: string | undefined, access: SecretFileAccess): string | undefined {
  if (path === undefined) return undefined;
  try {
    fileReaders[name]?.(path, access);
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError)
      return error.message.replace(`configuration: ${name} `, '').replace(`configuration: ${name}: `, '');
    throw error;
  }
}

/** Renders the settings as a table, and their flaws. */
export function renderExplanation(settings: readonly ExplainedSetting[]): {
  readonly table: string;
  readonly flaws: string;
} {
  const rows = [
    ['SETTING', 'VALUE', 'ORIGIN'],
    ...settings.map(({ name, value = '-', origin }) => [name, value, origin]),
  ];
  // The last column needs no padding.
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const table = rows
    .map((row) => `${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   ')}\n`)
    .join('');
  const flaws = settings
    .flatMap(({ name, flaw }) => (flaw === undefined ? [] : [`error: ${name}: ${flaw.message}\nfix: ${flaw.fix}\n`]))
    .join('');
  return { table, flaws };
}

/** Runs `--explain-config`, which starts nothing. Returns the exit code: 0, or 2 if a setting is missing or wrong. */
export function printSettings(schema: z.ZodObject, environment: Environment): 0 | 2 {
  const { table, flaws } = renderExplanation(explainSettings(schema, environment));
  process.stdout.write(table);
  process.stderr.write(flaws);
  return flaws === '' ? 0 : 2;
}
