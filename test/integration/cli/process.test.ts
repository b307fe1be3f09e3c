import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { ctrlC, openTerminal, untilShown } from '../../harness/terminal-session.ts';
import type { TerminalSession } from '../../harness/terminal-session.ts';
import { until } from '../../harness/until.ts';
import type { Installation } from '../../harness/installation.ts';
import { startInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

const script = fileURLToPath(new URL('../../../tenure', import.meta.url));

let cli: InstallationCli<Installation>;
before(async () => {
  cli = await startInstallationCli();
  await declareBasics(cli.installation.client());
  mkdirSync(join(cli.folder, '.tenure'));
  for (const file of ['context.json', 'token']) copyFileSync(join(cli.folder, file), join(cli.folder, '.tenure', file));
});
after(() => cli.stop());

interface Running {
  readonly child: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

function start(
  command: string,
  commandArguments: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Running {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, commandArguments, {
    cwd: cli.folder,
    env: { PATH, HOME, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return { child, output, ended: new Promise((resolve) => void child.once('close', (code) => resolve(code))) };
}

test('the script runs from any folder and through a link, with the folder’s context and no warnings', async () => {
  symlinkSync(script, join(cli.folder, 'linked'));
  const { output, ended } = start('./linked', ['get', 'plans', '-o', 'name']);
  assert.equal(await ended, exitCodes.ok);
  assert.deepEqual(output, { stdout: 'plan/startup\n', stderr: '' });
});

test('the program caches its compiled code in the cache folder, and works without a cache', async () => {
  const cache = join(cli.folder, 'cache');
  for (const XDG_CACHE_HOME of [cache, join(cli.folder, 'context.json')]) {
    const { output, ended } = start(script, ['get', 'plans', '-o', 'name'], { XDG_CACHE_HOME });
    assert.equal(await ended, exitCodes.ok);
    assert.deepEqual(output, { stdout: 'plan/startup\n', stderr: '' });
  }
  assert.notEqual(readdirSync(join(cache, 'tenure', 'compiled'), { recursive: true }).length, 0);
});

test('without dependencies the script says how to install them', async () => {
  mkdirSync(join(cli.folder, 'bare'));
  copyFileSync(script, join(cli.folder, 'bare', 'tenure'));
  const { output, ended } = start(join(cli.folder, 'bare', 'tenure'), ['get', 'plans']);
  assert.equal(await ended, exitCodes.usage);
  assert.match(output.stderr, /^error: the dependencies are not installed\nfix: run `npm ci` .*\n$/);
});

test('a reader that stops reading does not cause an error', async () => {
  const { output, ended } = start('sh', ['-c', `"${script}" get plans -o yaml | head -n 1; "${script}" --help | true`]);
  assert.equal(await ended, 0);
  assert.deepEqual(output, { stdout: 'apiVersion: tenure/v1\n', stderr: '' });
});

const typeTheName = 'Type the name of the tenant to delete it: ';

function atTerminal(context: TestContext, ...commandArguments: readonly string[]): TerminalSession {
  const { PATH = '', HOME = '' } = process.env;
  const session = openTerminal(`exec ./linked ${commandArguments.join(' ')}`, {
    cwd: cli.folder,
    environment: { PATH, HOME, NO_COLOR: '1' },
    columns: 70,
  });
  context.after(() => session.close());
  return session;
}

test('at a terminal delete asks for the name; with a wrong name or Ctrl-C it does nothing', async (context) => {
  cli.write('draft.yaml', tenantManifest('draft'));
  await cli.done('apply', '-f', 'draft.yaml');
  const wrong = atTerminal(context, 'delete', 'draft');
  await untilShown(wrong, typeTheName);
  wrong.type('acme\r');
  assert.equal(await wrong.ended, exitCodes.usage);
  assert.match(wrong.shown(), /error: the typed name is not "draft"; nothing was done\r\n/);

  const interrupted = atTerminal(context, 'delete', 'draft');
  await untilShown(interrupted, typeTheName);
  interrupted.type(ctrlC);
  assert.equal(await interrupted.ended, exitCodes.interrupted);
  assert.match(await cli.done('get', 'tenant', 'draft'), /^draft .* Draft /m);

  const right = atTerminal(context, 'delete', 'draft', '--wait');
  await untilShown(right, typeTheName);
  right.type('draft\r');
  assert.equal(await right.ended, exitCodes.ok);
  assert.match(right.shown(), /This deletes tenant\/draft .*\(delete\) succeeded\r\n/s);
});

test('at a terminal progress is one live line, and Ctrl-C ends it and prints how to resume', async (context) => {
  await cli.installation.worker.kill('SIGKILL');
  cli.write('live.yaml', tenantManifest('live', { lifecycle: 'Active' }));
  const session = atTerminal(context, 'apply', '-f', 'live.yaml', '--wait');
  await untilShown(session, '\r\u001B[2Klive  activate ');
  session.type(ctrlC);
  assert.equal(await session.ended, exitCodes.interrupted);
  const id = /operation\/(\S+) \(activate\)/.exec(session.shown())?.[1] ?? '';
  assert.ok(
    session
      .shown()
      .endsWith(
        `\r\u001B[2Kno longer waiting\r\noperation/${id} keeps running; to resume waiting: ./linked wait operation/${id}\r\n`,
      ),
    JSON.stringify(session.shown()),
  );

  const back = atTerminal(context, 'wait', `operation/${id}`);
  await untilShown(back, '\r\u001B[2Klive  activate ');
  cli.installation.worker.start();
  assert.equal(await back.ended, exitCodes.ok);
  assert.ok(back.shown().endsWith(`\r\u001B[2Koperation/${id} (activate) succeeded\r\n`), JSON.stringify(back.shown()));
  const lines = back.shown().split('\r\u001B[2K');
  assert.ok(
    lines.every((line) => line.length < 70 || line.includes('succeeded\r\n')),
    'no line is longer than the width of the terminal',
  );
});

test('Ctrl-C and the timeout end the wait, not the operation', async () => {
  await cli.installation.worker.kill('SIGKILL');
  cli.write('acme.yaml', tenantManifest('acme', { lifecycle: 'Active' }));
  const { child, output, ended } = start(script, ['apply', '-f', 'acme.yaml', '--wait']);
  await until('the command waits', () => output.stderr.includes('"tenant":"acme"'));
  child.kill('SIGINT');
  assert.equal(await ended, exitCodes.interrupted);
  const id = /^operation\/(\S+) \(activate\)/m.exec(output.stdout)?.[1] ?? '';
  assert.ok(
    output.stderr.endsWith(
      `no longer waiting\noperation/${id} keeps running; to resume waiting: ${script} wait operation/${id}\n`,
    ),
    output.stderr,
  );

  const late = await cli.run(['wait', `operation/${id}`, '--timeout', '100ms']);
  assert.equal(late.code, exitCodes.waitTimeout);
  assert.ok(
    late.stderr.endsWith(
      `error: timed out after 100ms\noperation/${id} keeps running; to resume waiting: tenure wait operation/${id}\n`,
    ),
    late.stderr,
  );
  const tenants = await cli.run(['get', 'tenants']);
  assert.match(tenants.stdout, new RegExp(` activate ${id}$`, 'm'));
  assert.match(
    (await cli.run(['describe', 'tenant', 'acme'])).stdout,
    new RegExp(`^Running: operation/${id} \\(activate\\), 0 of 7 steps done\n {2}STEP `, 'm'),
  );

  const conflict = await cli.run([
    'apply',
    '-f',
    cli.write('other.yaml', tenantManifest('acme', { lifecycle: 'Active', displayName: 'Other' })),
  ]);
  assert.equal(conflict.code, exitCodes.conflict);
  assert.match(conflict.stderr, new RegExp(`^operation: tenure wait operation/${id}$`, 'm'));

  const waiting = cli.run(['wait', 'tenant/acme', '--for=lifecycle=Active'], { terminalColumns: 60 });
  cli.installation.worker.start();
  const { code, stdout, stderr } = await waiting;
  assert.deepEqual([code, stdout], [exitCodes.ok, 'tenant/acme reached the condition: lifecycle is Active\n']);
  assert.match(stderr, /7\/7/);
  assert.ok(
    stderr.startsWith('\r\u001B[2Kacme  activate ') && stderr.endsWith('\r\u001B[2K') && !stderr.includes('\n'),
    JSON.stringify(stderr),
  );
});
