#!/usr/bin/env node
import http from 'node:http';
import { enableCompileCache } from 'node:module';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from './config.ts';

const environment = readEnvironment();
// To compile the program is most of what a short command does. Where nothing can be kept it is compiled each time.
if (environment.compileCache !== undefined) enableCompileCache(environment.compileCache);
const { runCli } = await import('./run-cli.ts');
const { exitCodes } = await import('../contracts/problem-type.ts');

// What Node before 24.14 does not have, is asked for by NODE_USE_ENV_PROXY there.
if (environment.proxies !== undefined && typeof http.setGlobalProxyFromEnv === 'function')
  http.setGlobalProxyFromEnv(environment.proxies);

const interruption = new AbortController();
// Once: a second Ctrl-C ends the process as it always does.
process.once('SIGINT', () => interruption.abort());

// Whoever reads may have read enough, as `head` does. What was begun is still brought to its end; only a watch, which has none, is ended.
const unread = new AbortController();
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (unread.signal.aborted) return;
  unread.abort();
  if (error.code === 'EPIPE') return;
  process.stderr.write(
    `error: the output cannot be written: ${error.message}\nfix: make room where it goes, or write it elsewhere\n`,
  );
  // Whatever else came of the command.
  process.once('exit', () => (process.exitCode = exitCodes.unavailable));
});
// Nobody can be told; the exit code says how it ended.
process.stderr.on('error', () => undefined);

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment,
  workingDirectory: process.cwd(),
  installationDirectory: fileURLToPath(new URL('..', import.meta.url)),
  interrupted: interruption.signal,
  unread: unread.signal,
  // What NODE_EXTRA_CA_CERTS adds is added to these too.
  trust: (certificates) => tls.setDefaultCACertificates([...certificates, ...tls.getCACertificates('extra')]),
});
