import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { z } from 'zod';
import type { CliEnvironment } from '../config.ts';
import { attempt, usageFailure } from '../failure.ts';
import { fixOf, readText, reasonOf } from '../text/read-text.ts';
import { contextNamed, contextSchema, contextStorePath, readContexts } from './context-store.ts';
import type { NamedContext } from './context-store.ts';

/** The context that is in effect. */
export interface SelectedContext {
  /** Of a context of the user's; a file of its own has none. */
  readonly name?: string;
  /** The file it stands in. */
  readonly path: string;
  /** What has selected it, for people. */
  readonly selectedBy: string;
  readonly server: string;
  /** Absolute. */
  readonly tokenFile?: string;
  /** Absolute. */
  readonly caFile?: string;
  /** Found by itself in a folder, which somebody else may have filled: it may name no token but one that lies beside it. */
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
  /** Where the script `tenure` lies. */
  readonly installationDirectory: string;
}

const localFile = join('.tenure', 'context.json');

/**
 * The context a connection is made with, as {@link contextInEffect}. Where flags and environment say both server and token none is needed, so one
 * that cannot be used does not stand in the way then, unless it was named by `--context`.
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
 * `--context`; then the environment; then `.tenure/context.json` of the folder, which `npm start` writes; then the one in use; then
 * `.tenure/context.json` beside the program.
 * @throws CliFailure usage, for a context that is named and is not there, or cannot be read
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
    throw usageFailure(
      'TENURE_CONTEXT_NAME and TENURE_CONTEXT name two contexts',
      'unset one of them, or give --context',
    );
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
  const here = join(workingDirectory, localFile);
  if (existsSync(here)) return { ...fromFile(here, 'found in this folder'), found: true };
  const { current } = readContexts(contextStorePath({ configHome }));
  if (current !== undefined) return named(current, 'tenure context use', configHome);
  const beside = join(installationDirectory, localFile);
  return existsSync(beside) ? { ...fromFile(beside, 'found beside the program'), found: true } : undefined;
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

/** With the files that it names as seen from its folder. */
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
      fixOf(error, 'it must hold {"server": "http://…", "tokenFile": "…"}; `npm start` writes it'),
    );
  }
}

/**
 * The context's token file. One that was only found names no file outside of its folder, through no link either: whoever fills a folder with a
 * context of their own would else be sent a token of the user's.
 * @throws CliFailure usage
 */
export function tokenFileOf({ path, tokenFile, found }: SelectedContext): string | undefined {
  if (tokenFile === undefined || found !== true || !existsSync(tokenFile)) return tokenFile;
  if (realpathSync(tokenFile).startsWith(`${realpathSync(dirname(path))}${sep}`)) return tokenFile;
  throw usageFailure(
    `the context ${path} was only found there, and names a token outside of its folder: ${tokenFile}`,
    `if you trust it: TENURE_CONTEXT=${path}; or give --token-file`,
  );
}
