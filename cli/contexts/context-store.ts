import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { CliEnvironment } from '../config.ts';
import { usageFailure } from '../failure.ts';
import { didYouMean } from '../text/nearest.ts';
import { fixOf, readText, reasonOf } from '../text/read-text.ts';

/** Which API, and the file of the token that is sent to it and to no other. */
export interface NamedContext {
  readonly server: string;
  readonly tokenFile?: string | undefined;
  /** Certificates of the authorities that vouch for it, instead of those that are trusted everywhere. */
  readonly caFile?: string | undefined;
}

/** The contexts of a user, and which of them is in use. */
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

/** `$XDG_CONFIG_HOME/tenure/config.json`; `undefined` where there is no home. */
export function contextStorePath({ configHome }: Pick<CliEnvironment, 'configHome'>): string | undefined {
  return configHome === undefined ? undefined : join(configHome, 'tenure', 'config.json');
}

/** The contexts at that path; none where there is no file. @throws CliFailure usage, for a file that cannot be understood */
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
      `${path} is no file of contexts`,
      'it must hold {"current": "NAME", "contexts": {"NAME": {"server": "http://…", "tokenFile": "…"}}}; correct it, or remove it and use: tenure context set',
    );
  }
}

/** Replaces the file at once, for its owner alone: a reader sees the old contexts or the new ones. @throws CliFailure usage */
export function writeContexts(path: string, file: ContextFile): void {
  const staged = `${path}.${process.pid}.new`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(staged, `${JSON.stringify(file, undefined, 2)}\n`, { mode: 0o600 });
    // The mode above is for a new file only, and what a crash has left may be there.
    chmodSync(staged, 0o600);
    renameSync(staged, path);
  } catch (error) {
    rmSync(staged, { force: true });
    throw usageFailure(
      `${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`,
      'check its permissions, or set XDG_CONFIG_HOME to a folder that can be written',
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
      ? `make it: tenure context set ${name} --server URL --token-file PATH`
      : `use one of ${names.join(', ')}, or make it: tenure context set ${name}`;
  throw usageFailure(
    `there is no context "${name}"${path === undefined ? '' : ` in ${path}`}`,
    didYouMean(name, names, otherwise),
  );
}

/** @throws CliFailure usage, for what cannot be the name of a context */
export function requireContextName(name: string): string {
  if (nameSchema.safeParse(name).success) return name;
  throw usageFailure(
    `"${name}" is no name for a context`,
    'use letters, digits, ".", "_" and "-", at most 63, beginning with a letter or digit',
  );
}
