#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from './config.ts';

const environment = readEnvironment();
// To compile the program is most of what a short command does. Where nothing can be kept it is compiled each time.
if (environment.compileCache !== undefined) enableCompileCache(environment.compileCache);
const { runCli } = await import('./run-cli.ts');

const interruption = new AbortController();
// Once: a second Ctrl-C ends the process as it always does.
process.once('SIGINT', () => interruption.abort());

// Whoever reads may have read enough, as `head` does. What was begun is still brought to its end.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

process.exitCode = await runCli({
  argv: process.argv.slice(2),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  environment,
  workingDirectory: process.cwd(),
  installationDirectory: fileURLToPath(new URL('..', import.meta.url)),
  interrupted: interruption.signal,
});
