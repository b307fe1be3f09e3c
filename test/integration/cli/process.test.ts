import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../../contracts/problems.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';
import { startInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

const script = fileURLToPath(new URL('../../../tenure', import.meta.url));

let cli: InstallationCli;
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

function start(command: string, commandArguments: readonly string[]): Running {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, commandArguments, { cwd: cli.folder, env: { PATH, HOME }, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  return { child, output, ended: new Promise((resolve) => void child.once('close', (code) => resolve(code))) };
}

test('the script runs from any folder and through a link, with the context of the folder, and prints no warnings', async () => {
  symlinkSync(script, join(cli.folder, 'linked'));
  const { output, ended } = start('./linked', ['get', 'plans', '-o', 'name']);
  assert.equal(await ended, exitCodes.ok);
  assert.deepEqual(output, { stdout: 'plan/startup\n', stderr: '' });
});

test('without dependencies the script says how to get them', async () => {
  mkdirSync(join(cli.folder, 'bare'));
  copyFileSync(script, join(cli.folder, 'bare', 'tenure'));
  const { output, ended } = start(join(cli.folder, 'bare', 'tenure'), ['get', 'plans']);
  assert.equal(await ended, exitCodes.usage);
  assert.match(output.stderr, /^error: the dependencies are not installed\nfix: run `npm ci` .*\n$/);
});

test('a reader that has read enough is no error', async () => {
  const { output, ended } = start('sh', ['-c', `"${script}" get plans -o yaml | head -n 1; "${script}" --help | true`]);
  assert.equal(await ended, 0);
  assert.deepEqual(output, { stdout: 'apiVersion: tenure/v1\n', stderr: '' });
});

test('Ctrl-C and the timeout end the waiting, not the operation', async () => {
  await cli.installation.worker.kill('SIGKILL');
  cli.write('acme.yaml', tenantManifest('acme', { lifecycle: 'Active' }));
  const { child, output, ended } = start(script, ['apply', '-f', 'acme.yaml', '--wait']);
  await until('it waits', () => output.stderr.includes('"tenant":"acme"'));
  child.kill('SIGINT');
  assert.equal(await ended, exitCodes.interrupted);
  const id = /^operation\/(\S+) \(activate\)/m.exec(output.stdout)?.[1] ?? '';
  assert.ok(output.stderr.endsWith(`no longer waiting\noperation/${id} goes on; to come back: ${script} wait operation/${id}\n`), output.stderr);

  const late = await cli.run(['wait', `operation/${id}`, '--timeout', '100ms']);
  assert.equal(late.code, exitCodes.waitTimeout);
  assert.ok(late.stderr.endsWith(`error: the time to wait (100ms) is up\noperation/${id} goes on; to come back: tenure wait operation/${id}\n`), late.stderr);
  const tenants = await cli.run(['get', 'tenants']);
  assert.match(tenants.stdout, new RegExp(` activate ${id}\n$`));
  assert.match((await cli.run(['describe', 'tenant', 'acme'])).stdout, new RegExp(`^Running: operation/${id} \\(activate\\), 0 of 7 steps done\n {2}STEP `, 'm'));

  const conflict = await cli.run(['apply', '-f', cli.write('other.yaml', tenantManifest('acme', { lifecycle: 'Active', displayName: 'Other' }))]);
  assert.equal(conflict.code, exitCodes.conflict);
  assert.match(conflict.stderr, new RegExp(`^operation: tenure wait operation/${id}$`, 'm'));

  const waiting = cli.run(['wait', 'tenant/acme', '--for=lifecycle=Active'], { terminalColumns: 60 });
  cli.installation.worker.start();
  const { code, stdout, stderr } = await waiting;
  assert.deepEqual([code, stdout], [exitCodes.ok, 'tenant/acme is as waited for: lifecycle is Active\n']);
  assert.match(stderr, /7\/7/);
  assert.ok(stderr.startsWith('\r\u001B[2Kacme  activate ') && stderr.endsWith('\r\u001B[2K') && !stderr.includes('\n'), JSON.stringify(stderr));
});
