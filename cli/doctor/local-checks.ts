import { statSync } from 'node:fs';
import { findServer, findToken } from '../connection.ts';
import type { ConnectionSources, Setting, TokenSource } from '../connection.ts';
import { contextStorePath } from '../contexts/context-store.ts';
import { selectContext } from '../contexts/selected-context.ts';
import type { SelectedContext } from '../contexts/selected-context.ts';
import { CliFailure } from '../failure.ts';
import { ok, problem, skipped, warning } from './finding.ts';
import type { Finding } from './finding.ts';

/** What can be said without asking anybody. */
export interface LocalDiagnosis {
  readonly findings: readonly Finding[];
  readonly server?: Setting;
  readonly token?: TokenSource;
}

const othersMayRead = 0o044;
const othersMayWrite = 0o022;

/** Context, server and token: whether each is there, sound, and for its owner alone. */
export function checkLocally(sources: ConnectionSources): LocalDiagnosis {
  const context = attempt('context', () => selectContext(sources));
  if (context.flaw !== undefined) return { findings: [context.flaw, skipped('server', 'the context is not known'), skipped('token', 'the context is not known')] };
  const server = attempt('server', () => findServer(sources, context.found));
  if (server.found === undefined) return { findings: [contextFinding(context.found, sources), ...(server.flaw === undefined ? [] : [server.flaw]), skipped('token', 'the server is not known')] };
  const { found } = server;
  const token = attempt('token', () => {
    const source = findToken(sources, context.found, found.value);
    source.read();
    return source;
  });
  return {
    findings: [contextFinding(context.found, sources), serverFinding(found), token.found === undefined ? (token.flaw ?? skipped('token', '')) : tokenFinding(token.found)],
    server: found,
    ...(token.found === undefined ? {} : { token: token.found }),
  };
}

function attempt<T>(check: string, find: () => T): { readonly found?: T; readonly flaw?: Finding } {
  try {
    return { found: find() };
  } catch (error) {
    if (!(error instanceof CliFailure)) throw error;
    const [found = '', fix = ''] = error.report.replace(/^error: /, '').split('\nfix: ');
    return { flaw: problem(check, error.exit, found, fix) };
  }
}

function contextFinding(context: SelectedContext | undefined, { environment }: ConnectionSources): Finding {
  if (context === undefined) return ok('context', `none is in use; contexts are kept in ${contextStorePath(environment) ?? 'no folder: HOME is not set'}`);
  const { name, path, selectedBy } = context;
  const told = `${name === undefined ? path : `${name} in ${path}`} (${selectedBy})`;
  const mode = modeOf(path);
  if ((mode & othersMayWrite) !== 0) return warning('context', `${told}: others may write it (mode ${octal(mode)}), and so decide where your commands go`, `chmod 600 ${path}`);
  return (mode & othersMayRead) === 0 ? ok('context', told) : warning('context', `${told}: others may read it (mode ${octal(mode)})`, `chmod 600 ${path}`);
}

function serverFinding({ value, origin }: Setting): Finding {
  const { protocol, hostname } = new URL(value);
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  if (protocol === 'http:' && !isLocal) return warning('server', `${value} (${origin}): the token travels there unencrypted`, 'use an https address');
  return ok('server', `${value} (${origin})`);
}

function tokenFinding({ path, origin }: TokenSource): Finding {
  if (path === undefined) return ok('token', `${origin}; the variable is seen by every program that is started here`);
  const mode = modeOf(path);
  const told = `${path} (${origin})`;
  return (mode & (othersMayRead | othersMayWrite)) === 0 ? ok('token', told) : warning('token', `${told}: others may read or write it (mode ${octal(mode)})`, `chmod 600 ${path}`);
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}
