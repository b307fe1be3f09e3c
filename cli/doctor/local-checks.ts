import { statSync } from 'node:fs';
import { readCertificates, findCaFile, findServer, findToken, isLoopback } from '../connection.ts';
import type { ConnectionSources, Setting, TokenSource } from '../connection.ts';
import { contextStorePath } from '../contexts/context-store.ts';
import { selectContext } from '../contexts/selected-context.ts';
import type { SelectedContext } from '../contexts/selected-context.ts';
import { attempt } from '../failure.ts';
import type { CliFailure } from '../failure.ts';
import { ok, problem, skipped, warning } from './finding.ts';
import type { Finding } from './finding.ts';

/** The results that need no request. */
export interface LocalDiagnosis {
  readonly findings: readonly Finding[];
  readonly server?: Setting;
  readonly token?: TokenSource;
  readonly caFile?: string;
}

const othersMayRead = 0o044;
const othersMayWrite = 0o022;

/** Checks that context, server and token exist, are valid, and are accessible only to their owner. */
export function checkLocally(sources: ConnectionSources): LocalDiagnosis {
  const context = attempt(() => selectContext(sources));
  if (context.failure !== undefined)
    return {
      findings: [
        flawOf('context', context.failure),
        skipped('server', 'the context is not known'),
        skipped('token', 'the context is not known'),
      ],
    };
  const server = attempt(() => findServer(sources, context.found));
  if (server.failure !== undefined)
    return {
      findings: [
        contextFinding(context.found, sources),
        flawOf('server', server.failure),
        skipped('token', 'the server is not known'),
      ],
    };
  const { found } = server;
  const caFile = findCaFile(sources, context.found, found.value);
  const certificates = attempt(() => (caFile === undefined ? undefined : readCertificates(caFile.value)));
  const caFindings =
    caFile === undefined
      ? []
      : [
          certificates.failure === undefined
            ? ok('ca', `${caFile.value} (${caFile.origin})`)
            : flawOf('ca', certificates.failure),
        ];
  const token = attempt(() => {
    const source = findToken(sources, context.found, found.value);
    source.read();
    return source;
  });
  return {
    findings: [
      contextFinding(context.found, sources),
      serverFinding(found),
      token.failure === undefined ? tokenFinding(token.found) : flawOf('token', token.failure),
      ...caFindings,
    ],
    server: found,
    ...(caFile === undefined || certificates.failure !== undefined ? {} : { caFile: caFile.value }),
    ...(token.found === undefined ? {} : { token: token.found }),
  };
}

function flawOf(check: string, { exit, report }: CliFailure): Finding {
  const [found = '', fix = ''] = report.replace(/^error: /, '').split('\nfix: ');
  return problem(check, exit, found, fix);
}

function contextFinding(context: SelectedContext | undefined, { environment }: ConnectionSources): Finding {
  if (context === undefined)
    return ok(
      'context',
      `no current context; contexts are stored in ${contextStorePath(environment) ?? 'no folder, because HOME is not set'}`,
    );
  const { name, path, selectedBy } = context;
  const description = `${name === undefined ? path : `${name} in ${path}`} (${selectedBy})`;
  const mode = modeOf(path);
  if ((mode & othersMayWrite) !== 0)
    return warning(
      'context',
      `${description}: others can write it (mode ${octal(mode)}) and so change where your commands are sent`,
      `chmod 600 ${path}`,
    );
  return (mode & othersMayRead) === 0
    ? ok('context', description)
    : warning('context', `${description}: others can read it (mode ${octal(mode)})`, `chmod 600 ${path}`);
}

function serverFinding({ value, origin }: Setting): Finding {
  if (value.startsWith('http:') && !isLoopback(value))
    return warning('server', `${value} (${origin}): the token is sent unencrypted`, 'use an https address');
  return ok('server', `${value} (${origin})`);
}

function tokenFinding({ path, origin }: TokenSource): Finding {
  if (path === undefined) return ok('token', `${origin}; every program started from this shell can read this variable`);
  const mode = modeOf(path);
  const description = `${path} (${origin})`;
  return (mode & (othersMayRead | othersMayWrite)) === 0
    ? ok('token', description)
    : warning('token', `${description}: others can read or write it (mode ${octal(mode)})`, `chmod 600 ${path}`);
}

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}
