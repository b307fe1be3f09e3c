#!/usr/bin/env node
import http from 'node:http';
import { enableCompileCache } from 'node:module';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from './config.ts';

const environment = readEnvironment();
// Compiling takes most of the time of a short command. Without a cache the program is compiled each time.
if (environment.compileCache !== undefined) enableCompileCache(environment.compileCache);
const { runCli } = await import('./run-cli.ts');
const { exitCodes } = await import('../contracts/problem-type.ts');

// Node before 24.14 does not have this function; there NODE_USE_ENV_PROXY does the same.
if (environment.proxies !== undefined && typeof http.setGlobalProxyFromEnv === 'function')
  http.setGlobalProxyFromEnv(environment.proxies);

const interruption = new AbortController();
// Only once: a second Ctrl-C ends the process immediately.
process.once('SIGINT', () => interruption.abort());

// The reader may close the pipe, as `head` does. The command still finishes; only a watch, which never finishes, ends.
const unread = new AbortController();
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (unread.signal.aborted) return;
  unread.abort();
  if (error.code === 'EPIPE') return;
  process.stderr.write(
    `error: the output cannot be written: ${error.message}\nfix: free space at the destination, or write the output elsewhere\n`,
  );
  // Whatever the result of the command was.
  process.once('exit', () => (process.exitCode = exitCodes.unavailable));
});
// No message can be printed; the exit code still says how the command ended.
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
  // NODE_EXTRA_CA_CERTS adds its certificates to these.
  trust: (certificates) => tls.setDefaultCACertificates([...certificates, ...tls.getCACertificates('extra')]),
});
