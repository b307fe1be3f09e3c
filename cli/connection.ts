import { resolve } from 'node:path';
import { usageFailure } from './failure.ts';
import { fixOf, readText, reasonOf } from './text/read-text.ts';
import type { CliEnvironment } from './config.ts';
import { selectContext, tokenFileOf } from './contexts/selected-context.ts';
import type { ContextSources, SelectedContext } from './contexts/selected-context.ts';

const certificate = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;
const pemFix = 'use a file with certificates in PEM format (-----BEGIN CERTIFICATE-----)';

/** Reads the certificates in a file. @throws CliFailure usage */
export function readCertificates(path: string): readonly string[] {
  let text: string;
  try {
    text = readText(path);
  } catch (error) {
    throw usageFailure(`the certificates in ${path} cannot be read: ${reasonOf(error)}`, fixOf(error, pemFix));
  }
  const found = text.match(certificate);
  if (found === null) throw usageFailure(`${path} contains no certificate`, pemFix);
  return found;
}

/** Which API to talk to, and as whom. */
export interface Connection {
  readonly server: string;
  /** Reads the token each time, because its file may be renewed while a command waits. @throws CliFailure usage */
  readonly token: () => string;
  /** File with the CA certificates to trust, if not the default ones. */
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

/** A value in effect, and what set it, as text. */
export interface Setting {
  readonly value: string;
  readonly origin: string;
}

/** Where the token is. */
export interface TokenSource {
  /** Absent if the variable itself contains the token. */
  readonly path?: string;
  readonly origin: string;
  /** @throws CliFailure usage, if there is no token in it */
  read(): string;
}

const tokenFix = 'use --token-file, or set TENURE_TOKEN_FILE or TENURE_TOKEN';

/**
 * Flags override the environment, which overrides the context. The token of a context is sent only to the server of that
 * context. If a context was merely found in a folder and its server is on another machine, only the token of that context
 * is sent to it.
 * @throws CliFailure usage
 */
export function resolveConnection(sources: ConnectionSources): Connection {
  const context = selectContext(sources);
  const { value: server } = findServer(sources, context);
  const caFile = findCaFile(sources, context, server)?.value;
  return { server, token: findToken(sources, context, server).read, ...(caFile === undefined ? {} : { caFile }) };
}

/**
 * The file with the CA certificates to trust. The file of a context applies only to its server; if the context was merely
 * found in a folder, it applies only together with the token of that context.
 */
export function findCaFile(
  sources: ConnectionSources,
  context: SelectedContext | undefined,
  server: string,
): Setting | undefined {
  const { flags, environment, workingDirectory } = sources;
  if (flags.caFile !== undefined) return { value: resolve(workingDirectory, flags.caFile), origin: 'flag --ca-file' };
  if (environment.caFile !== undefined)
    return { value: resolve(workingDirectory, environment.caFile), origin: 'environment TENURE_CA_FILE' };
  // Otherwise an unreadable file that is set for every program would break connections that need no certificates.
  if (!server.startsWith('https:')) return undefined;
  const isTrusted = context?.found !== true || findGivenToken(sources) === undefined;
  if (context?.caFile !== undefined && isTrusted && serverUrl(context.server) === server)
    return { value: context.caFile, origin: contextOrigin(context) };
  return environment.systemCaFile === undefined
    ? undefined
    : { value: resolve(workingDirectory, environment.systemCaFile), origin: 'environment SSL_CERT_FILE' };
}

/** The normalized address of the API. @throws CliFailure usage, if there is none or it is not an address */
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
    'run `npm start`, which writes .tenure/context.json; or run tenure context set NAME --server URL --token-file PATH; or use --server and --token-file',
  );
}

/** @throws CliFailure usage, if there is none for this server */
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
    // Otherwise anyone who puts a context file into a folder would receive the user's token.
    throw usageFailure(
      `the context ${context.path} was found in a folder, not selected; the token of ${given.origin} is not sent to its server ${server}`,
      `if you trust it, select the server: --server ${server}; or the context file: TENURE_CONTEXT=${context.path}`,
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

/** The token from a flag or the environment. */
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

/** The name of a context as the origin of a value. */
export function contextOrigin({ name, path }: SelectedContext): string {
  return name === undefined ? `context file ${path}` : `context ${name} in ${path}`;
}

/** Normalizes an address, so that two can be compared. @throws CliFailure usage */
export function serverUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isValid =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === '';
  if (!isValid) throw usageFailure(`"${text}" is not a server address`, 'use an address such as http://127.0.0.1:8080');
  return url.href.replace(/\/+$/, '');
}

/** Whether an address from {@link serverUrl} is on this machine. */
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
  throw usageFailure(`${origin} contains no token`, 'it must contain one bearer token and nothing else');
}
