import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { CliEnvironment } from '../config.ts';
import { attempt, usageFailure } from '../failure.ts';
import { fixOf, readText, reasonOf } from '../text/read-text.ts';
import { contextNamed, contextSchema, contextStorePath, readContexts } from './context-store.ts';
import type { NamedContext } from './context-store.ts';

/** The context in effect. */
export interface SelectedContext {
  /** Absent for a context that is a file of its own. */
  readonly name?: string;
  /** The file that contains it. */
  readonly path: string;
  /** What selected it, as text. */
  readonly selectedBy: string;
  readonly server: string;
  /** Absolute. */
  readonly tokenFile?: string;
  /** Absolute. */
  readonly caFile?: string;
  /** Found in a folder, which someone else may have filled: it may only name a token file in the same folder. */
  readonly found?: true;
}

export interface ContextSources {
  readonly flags: {
    readonly server?: string;
    readonly tokenFile?: string;
    readonly caFile?: string;
    readonly context?: string;
  };
  readonly environment: Pick<
    CliEnvironment,
    'server' | 'token' | 'tokenFile' | 'contextFile' | 'contextName' | 'configHome'
  >;
  readonly workingDirectory: string;
  /** The folder of the script `tenure`. */
  readonly installationDirectory: string;
}

const localFile = join('.tenure', 'context.json');

/**
 * The context for a connection, as {@link contextInEffect}. If flags and environment set both server and token, no context is
 * needed; one that cannot be used is then ignored, unless `--context` names it.
 * @throws CliFailure usage
 */
export function selectContext(sources: ContextSources): SelectedContext | undefined {
  const { found, failure } = attempt(() => contextInEffect(sources));
  if (failure !== undefined && !isDispensable(sources)) throw failure;
  return found;
}

function isDispensable({ flags, environment }: ContextSources): boolean {
  const server = flags.server ?? environment.server;
  const token = flags.tokenFile ?? environment.token ?? environment.tokenFile;
  return flags.context === undefined && server !== undefined && token !== undefined;
}

/**
 * `--context`; then the environment; then `.tenure/context.json` in the folder, which `npm start` writes; then the current
 * context; then `.tenure/context.json` next to the program.
 * @throws CliFailure usage, if the selected context does not exist or cannot be read
 */
export function contextInEffect({
  flags,
  environment,
  workingDirectory,
  installationDirectory,
}: ContextSources): SelectedContext | undefined {
  const { contextFile, contextName, configHome } = environment;
  if (flags.context !== undefined) return named(flags.context, '--context', configHome);
  if (contextName !== undefined && contextFile !== undefined)
    throw usageFailure('TENURE_CONTEXT_NAME and TENURE_CONTEXT are both set', 'unset one of them, or use --context');
  if (contextName !== undefined) return named(contextName, 'TENURE_CONTEXT_NAME', configHome);
  if (contextFile !== undefined) {
    const path = resolve(workingDirectory, contextFile);
    if (!existsSync(path))
      throw usageFailure(
        `TENURE_CONTEXT names ${path}, which does not exist`,
        'correct or unset TENURE_CONTEXT, or run `npm start`',
      );
    return fromFile(path, 'TENURE_CONTEXT');
  }
  const local = join(workingDirectory, localFile);
  if (existsSync(local)) return { ...fromFile(local, 'found in this folder'), found: true };
  const { current } = readContexts(contextStorePath({ configHome }));
  if (current !== undefined) return named(current, 'tenure context use', configHome);
  const installed = join(installationDirectory, localFile);
  return existsSync(installed) ? { ...fromFile(installed, 'found next to the program'), found: true } : undefined;
}

function named(name: string, selectedBy: string, configHome: string | undefined): SelectedContext {
  const path = contextStorePath({ configHome });
  return {
    name,
    path: path ?? '',
    selectedBy,
    ...resolvedIn(dirname(path ?? ''), contextNamed(name, readContexts(path), path)),
  };
}

/** Resolves its file names against its folder. */
function resolvedIn(
  folder: string,
  { server, tokenFile, caFile }: NamedContext,
): Pick<SelectedContext, 'server' | 'tokenFile' | 'caFile'> {
  return {
    server,
    ...(tokenFile === undefined ? {} : { tokenFile: resolve(folder, tokenFile) }),
    ...(caFile === undefined ? {} : { caFile: resolve(folder, caFile) }),
  };
}

function fromFile(path: string, selectedBy: string): SelectedContext {
  try {
    return { path, selectedBy, ...resolvedIn(dirname(path), contextSchema.parse(JSON.parse(readText(path)))) };
  } catch (error) {
    const reason =
      error instanceof z.ZodError ? 'a field is missing, unknown, empty or of the wrong type' : reasonOf(error);
    throw usageFailure(
      `the context ${path} cannot be read: ${reason}`,
      fixOf(error, 'it must contain {"server": "http://…", "tokenFile": "…"}; `npm start` writes it'),
    );
  }
}

/**
 * The token file of a context. A context that was merely found may not name a file outside its folder, not even through a
 * link. Otherwise anyone who puts a context file into a folder would receive a token of the user.
 * @throws CliFailure usage
 */
export function tokenFileOf({ path, tokenFile, found }: SelectedContext): string | undefined {
  if (tokenFile === undefined || found !== true || !existsSync(tokenFile)) return tokenFile;
  if (realpathSync(tokenFile).startsWith(`${realpathSync(dirname(path))}${sep}`)) return tokenFile;
  throw usageFailure(
    `the context ${path} was found in a folder, not selected, and names a token file outside that folder: ${tokenFile}`,
    `if you trust it, set TENURE_CONTEXT=${path}; or use --token-file`,
  );
}
