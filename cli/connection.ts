import { resolve } from 'node:path';
import type { CliEnvironment } from './config.ts';
import { selectContext, tokenFileOf } from './contexts/selected-context.ts';
import type { ContextSources, SelectedContext } from './contexts/selected-context.ts';
import { usageFailure } from './failure.ts';
import { fixOf, readText, reasonOf } from './text/read-text.ts';

/** Which API to talk to, and as whom. */
export interface Connection {
  readonly server: string;
  /** Reads the token anew each time, for its file may be renewed while a command waits. @throws CliFailure usage */
  readonly token: () => string;
  /** File of the certificates to trust, where it is not those that are trusted everywhere. */
  readonly caFile?: string;
}

export interface ConnectionSources extends ContextSources {
  readonly flags: {
    readonly server?: string;
    readonly tokenFile?: string;
    readonly caFile?: string;
    readonly context?: string;
  };
  readonly environment: CliEnvironment;
}

/** A value in effect and what has set it, for people. */
export interface Setting {
  readonly value: string;
  readonly origin: string;
}

/** Where the token is. */
export interface TokenSource {
  /** Absent: it stands in the variable itself. */
  readonly path?: string;
  readonly origin: string;
  /** @throws CliFailure usage, for what holds no token */
  read(): string;
}

const tokenFix = 'give --token-file, or set TENURE_TOKEN_FILE or TENURE_TOKEN';

/**
 * Flag before environment before context. The token of a context goes to the server of that context only, and to a server of another machine that a
 * context names which was only found goes no token but that context's own.
 * @throws CliFailure usage
 */
export function resolveConnection(sources: ConnectionSources): Connection {
  const context = selectContext(sources);
  const { value: server } = findServer(sources, context);
  const caFile = findCaFile(sources, context, server)?.value;
  return { server, token: findToken(sources, context, server).read, ...(caFile === undefined ? {} : { caFile }) };
}

/** The file of the certificates to trust; that of a context counts for its server only, and of one that was only found with its own token only. */
export function findCaFile(
  sources: ConnectionSources,
  context: SelectedContext | undefined,
  server: string,
): Setting | undefined {
  const { flags, environment, workingDirectory } = sources;
  if (flags.caFile !== undefined) return { value: resolve(workingDirectory, flags.caFile), origin: 'flag --ca-file' };
  if (environment.caFile !== undefined)
    return { value: resolve(workingDirectory, environment.caFile), origin: 'environment TENURE_CA_FILE' };
  // Else a file that is set for every program, and cannot be read, would stand in the way of what needs none.
  if (!server.startsWith('https:')) return undefined;
  const mayVouch = context?.found !== true || findGivenToken(sources) === undefined;
  if (context?.caFile !== undefined && mayVouch && serverUrl(context.server) === server)
    return { value: context.caFile, origin: contextOrigin(context) };
  return environment.systemCaFile === undefined
    ? undefined
    : { value: resolve(workingDirectory, environment.systemCaFile), origin: 'environment SSL_CERT_FILE' };
}

/** The API's address, in one spelling. @throws CliFailure usage, when there is none or it is no address */
export function findServer(
  { flags, environment }: Pick<ConnectionSources, 'flags' | 'environment'>,
  context: SelectedContext | undefined,
): Setting {
  if (flags.server !== undefined) return { value: serverUrl(flags.server), origin: 'flag --server' };
  if (environment.server !== undefined)
    return { value: serverUrl(environment.server), origin: 'environment TENURE_SERVER' };
  if (context !== undefined) return { value: serverUrl(context.server), origin: contextOrigin(context) };
  throw usageFailure(
    'no server is configured',
    'run `npm start`, which writes .tenure/context.json; or tenure context set NAME --server URL --token-file PATH; or give --server and --token-file',
  );
}

/** @throws CliFailure usage, when there is none for this server */
export function findToken(
  sources: ConnectionSources,
  context: SelectedContext | undefined,
  server: string,
): TokenSource {
  const { flags, environment } = sources;
  const given = findGivenToken(sources);
  if (given !== undefined) {
    const isNamed = flags.server !== undefined || environment.server !== undefined || context?.found !== true;
    if (isNamed || isLoopback(server)) return given;
    // Whoever fills a folder with a context of their own would else be sent the user's token.
    throw usageFailure(
      `the context ${context.path} was only found there, and its server ${server} is not sent the token of ${given.origin}`,
      `if you trust it, name the server: --server ${server}; or the context file: TENURE_CONTEXT=${context.path}`,
    );
  }
  if (context?.tokenFile === undefined) throw usageFailure(`no token is configured for ${server}`, tokenFix);
  if (serverUrl(context.server) !== server)
    throw usageFailure(
      `the token of ${context.name === undefined ? context.path : `context "${context.name}"`} is for ${context.server}, not for ${server}`,
      tokenFix,
    );
  return tokenIn(tokenFileOf(context) ?? context.tokenFile, contextOrigin(context));
}

/** The token of a flag or the environment. */
function findGivenToken({ flags, environment, workingDirectory }: ConnectionSources): TokenSource | undefined {
  if (flags.tokenFile !== undefined) return tokenIn(resolve(workingDirectory, flags.tokenFile), 'flag --token-file');
  const { token } = environment;
  if (token !== undefined)
    return { origin: 'environment TENURE_TOKEN', read: () => checkedToken(token, 'TENURE_TOKEN') };
  return environment.tokenFile === undefined
    ? undefined
    : tokenIn(resolve(workingDirectory, environment.tokenFile), 'environment TENURE_TOKEN_FILE');
}

function tokenIn(path: string, origin: string): TokenSource {
  return { path, origin, read: () => readToken(path) };
}

/** What a context is called as the origin of a value. */
export function contextOrigin({ name, path }: SelectedContext): string {
  return name === undefined ? `context file ${path}` : `context ${name} in ${path}`;
}

/** In one spelling, so that two can be compared. @throws CliFailure usage */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const sound =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (!sound) throw usageFailure(`"${text}" is no server address`, 'give one such as http://127.0.0.1:8080');
  return url.href.replace(/\/+$/, '');
}

/** Whether an address as {@link serverUrl} spells it is of this machine. */
export function isLoopback(server: string): boolean {
  const hostname = URL.canParse(server) ? new URL(server).hostname : '';
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function readToken(path: string): string {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    throw usageFailure(
      `the token file ${path} cannot be read: ${reasonOf(error)}`,
      fixOf(error, 'check the path; `npm start` writes a new token'),
    );
  }
  return checkedToken(text.trim(), path);
}

function checkedToken(token: string, origin: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw usageFailure(`${origin} holds no token`, 'it must hold one bearer token and nothing else');
}
