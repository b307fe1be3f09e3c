import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { CliEnvironment } from '../config.ts';
import { usageFailure } from '../failure.ts';
import { didYouMean } from '../text/wording.ts';
import { fixOf, readText, reasonOf } from '../text/read-text.ts';

/** An API, and the file with the token that is sent only to it. */
export interface NamedContext {
  readonly server: string;
  readonly tokenFile?: string | undefined;
  /** File with the CA certificates to trust for it, instead of the default ones. */
  readonly caFile?: string | undefined;
}

/** The contexts of a user, and the current one. */
export interface ContextFile {
  readonly current?: string | undefined;
  readonly contexts: Readonly<Record<string, NamedContext>>;
}

const nameSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
export const contextSchema = z.strictObject({
  server: z.string().min(1),
  tokenFile: z.string().min(1).optional(),
  caFile: z.string().min(1).optional(),
});
const fileSchema = z.strictObject({ current: nameSchema.optional(), contexts: z.record(nameSchema, contextSchema) });

/** `$XDG_CONFIG_HOME/tenure/config.json`; `undefined` without a home folder. */
export function contextStorePath({ configHome }: Pick<CliEnvironment, 'configHome'>): string | undefined {
  return configHome === undefined ? undefined : join(configHome, 'tenure', 'config.json');
}

/** The contexts in this file; none if it does not exist. @throws CliFailure usage, if the file is not valid */
export function readContexts(path: string | undefined): ContextFile {
  if (path === undefined) return { contexts: {} };
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return { contexts: {} };
    throw usageFailure(
      `the contexts in ${path} cannot be read: ${reasonOf(error)}`,
      fixOf(error, 'check its permissions'),
    );
  }
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch {
    throw usageFailure(
      `${path} is not a contexts file`,
      'it must contain {"current": "NAME", "contexts": {"NAME": {"server": "http://…", "tokenFile": "…"}}}; correct it, or remove it and run: tenure context set',
    );
  }
}

/** Replaces the file atomically, readable only by its owner. @throws CliFailure usage */
export function writeContexts(path: string, file: ContextFile): void {
  const temporaryPath = `${path}.${process.pid}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporaryPath, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600 });
    // The mode above applies only to a new file; a crash may have left one behind.
    chmodSync(temporaryPath, 0o600);
    renameSync(temporaryPath, path);
  } catch (error) {
    rmSync(temporaryPath, { force: true });
    throw usageFailure(
      `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      'check its permissions, or set XDG_CONFIG_HOME to a writable folder',
    );
  }
}

/** @throws CliFailure usage */
export function contextNamed(name: string, { contexts }: ContextFile, path: string | undefined): NamedContext {
  const found = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(contexts);
  const otherwise =
    names.length === 0
      ? `create it: tenure context set ${name} --server URL --token-file PATH`
      : `use one of ${names.join(', ')}, or create it: tenure context set ${name}`;
  throw usageFailure(
    `there is no context "${name}"${path === undefined ? '' : ` in ${path}`}`,
    didYouMean(name, names, otherwise),
  );
}

/** @throws CliFailure usage, if this cannot be the name of a context */
export function requireContextName(name: string): string {
  if (nameSchema.safeParse(name).success) return name;
  throw usageFailure(
    `"${name}" is not a valid context name`,
    'use at most 63 letters, digits, ".", "_" and "-", starting with a letter or digit',
  );
}
