import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import type { CliEnvironment } from './config.ts';
import { usageFailure } from './failure.ts';
import type { CliFailure } from './failure.ts';

/** Which API to talk to, and as whom. */
export interface Connection {
  readonly server: string;
  /** Reads the token anew each time, for its file may be renewed while a command waits. @throws CliFailure usage */
  readonly token: () => string;
}

export interface ConnectionSources {
  readonly flags: { readonly server?: string; readonly tokenFile?: string };
  readonly environment: CliEnvironment;
  readonly workingDirectory: string;
  /** Where `./tenure` lies. */
  readonly installationDirectory: string;
}

const contextSchema = z.strictObject({ server: z.string(), tokenFile: z.string().optional() });
interface Context {
  readonly path: string;
  readonly server: string;
  readonly tokenFile?: string;
}

/**
 * Flag before environment before context. The token of a context goes to the server of that context only.
 * @throws CliFailure usage
 */
export function resolveConnection({ flags, environment, workingDirectory, installationDirectory }: ConnectionSources): Connection {
  const context = findContext(environment, workingDirectory, installationDirectory);
  const given = flags.server ?? environment.server;
  if (given === undefined && context === undefined) {
    throw usageFailure('no server is configured', 'run `npm start`, which writes .tenure/context.json, or give --server and --token-file');
  }
  const server = serverUrl(given ?? context?.server ?? '');
  const fromFile = (path: string) => ({ server, token: () => readToken(path) });
  if (flags.tokenFile !== undefined) return fromFile(resolve(workingDirectory, flags.tokenFile));
  const { token } = environment;
  if (token !== undefined) return { server, token: () => checkedToken(token, 'TENURE_TOKEN') };
  if (environment.tokenFile !== undefined) return fromFile(resolve(workingDirectory, environment.tokenFile));
  const fix = 'give --token-file, or set TENURE_TOKEN_FILE or TENURE_TOKEN';
  if (context?.tokenFile === undefined) throw usageFailure(`no token is configured for ${server}`, fix);
  if (serverUrl(context.server) !== server) throw usageFailure(`the token of ${context.path} is for ${context.server}, not for ${server}`, fix);
  return fromFile(resolve(dirname(context.path), context.tokenFile));
}

function findContext({ contextFile }: CliEnvironment, workingDirectory: string, installationDirectory: string): Context | undefined {
  if (contextFile !== undefined) {
    const path = resolve(workingDirectory, contextFile);
    if (!existsSync(path)) throw usageFailure(`TENURE_CONTEXT names ${path}, which does not exist`, 'correct or unset TENURE_CONTEXT, or run `npm start`');
    return readContext(path);
  }
  const path = [workingDirectory, installationDirectory].map((folder) => join(folder, '.tenure', 'context.json')).find((candidate) => existsSync(candidate));
  return path === undefined ? undefined : readContext(path);
}

function readContext(path: string): Context {
  try {
    const { server, tokenFile } = contextSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return { path, server, ...(tokenFile === undefined ? {} : { tokenFile }) };
  } catch (error) {
    throw unreadable('the context', path, error, 'it must hold {"server": "http://…", "tokenFile": "…"}; `npm start` writes it');
  }
}

/** In one spelling, so that two can be compared. */
function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const sound = url !== undefined && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!sound) throw usageFailure(`"${text}" is no server address`, 'give one such as http://127.0.0.1:8080');
  return url.href.replace(/\/+$/, '');
}

function readToken(path: string): string {
  try {
    return checkedToken(readFileSync(path, 'utf8').trim(), path);
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw unreadable('the token file', path, error, 'check the path; `npm start` writes a new token');
    throw error;
  }
}

function checkedToken(token: string, origin: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw usageFailure(`${origin} holds no token`, 'it must hold one bearer token and nothing else');
}

function unreadable(what: string, path: string, error: unknown, fix: string): CliFailure {
  const reason = error instanceof z.ZodError ? 'a field is missing, unknown or of the wrong type' : error instanceof Error ? error.message : String(error);
  return usageFailure(`${what} ${path} cannot be read: ${reason}`, fix);
}
