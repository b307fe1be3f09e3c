import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { processIdentity } from '../../../tools/process/pid-lock.mjs';
import { pollUntil } from '../../../tools/process/poll-until.ts';
import { freePorts } from '../../../tools/stack/ports.ts';
import { listRunning, recordRunning, stopRunning } from '../../../tools/stack/run-directory.ts';
import { createTemporaryStack } from '../../../tools/stack/temporary-stack.ts';

const ownerScript = fileURLToPath(new URL('stack-owner.ts', import.meta.url));

async function gone(pids: readonly number[]): Promise<void> {
  await pollUntil(() => (pids.every((pid) => processIdentity(pid) === undefined) ? true : undefined), {
    timeoutMs: 60_000,
    intervalMs: 50,
    onTimeout: () => new Error(`still running: ${pids.filter((pid) => processIdentity(pid) !== undefined).join(', ')}`),
  });
}

test('a stack ends when its owner is killed, and its temporary directory is removed', async () => {
  const owner = spawn(process.execPath, [ownerScript], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await new Promise<string>((resolve) =>
    owner.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  );
  const { dataDirectory, pids } = JSON.parse(line) as { dataDirectory: string; pids: number[] };
  assert.equal(pids.length, 4);
  assert.ok(pids.every((pid) => processIdentity(pid) !== undefined));

  owner.kill('SIGKILL');

  await gone(pids);
  await pollUntil(() => (existsSync(dataDirectory) ? undefined : true), {
    timeoutMs: 60_000,
    intervalMs: 50,
    onTimeout: () => new Error(`${dataDirectory} is still there`),
  });
});

test('an installation ends when the npm that started it is killed, and while it runs, a second start names it', async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'tenure-npm-start-'));
  const ports = await freePorts();
  const variables = Object.entries(ports).map(
    ([name, port]) =>
      [
        `TENURE_PORT_${name
          .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
          .replaceAll('-', '_')
          .toUpperCase()}`,
        String(port),
      ] as const,
  );
  const environment = { ...process.env, ...Object.fromEntries(variables), TENURE_DATA_DIR: dataDirectory };
  const npm = spawn('npm', ['start', '--', '--once'], { env: environment, stdio: 'ignore' });
  try {
    const running = await pollUntil(
      () => {
        const records = existsSync(join(dataDirectory, 'run')) ? listRunning(join(dataDirectory, 'run')) : [];
        return records.length >= 4 ? records : undefined;
      },
      { timeoutMs: 60_000, intervalMs: 50, onTimeout: () => new Error('nothing was started') },
    );
    const owner = running[0]?.ownerPid ?? 0;

    const second = spawnSync('npm', ['start'], { env: environment, encoding: 'utf8' });
    assert.equal(second.status, 1);
    assert.match(
      second.stderr,
      new RegExp(
        `an installation is already running in ${dataDirectory}, as process ${owner}.*\\./tenure.*kill ${owner}.*TENURE_DATA_DIR`,
      ),
    );

    npm.kill('SIGKILL');
    await gone([owner, ...running.map(({ pid }) => pid)]);
  } finally {
    npm.kill('SIGKILL');
    rmSync(dataDirectory, { recursive: true, force: true });
  }
});

test('a process that an earlier start left is found by its pid file and ended; another process that reuses a pid is not', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tenure-run-'));
  const left = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', detached: true });
  try {
    recordRunning(directory, 'left', left.pid!);
    writeFileSync(
      join(directory, 'reused.json'),
      JSON.stringify({ name: 'reused', pid: stranger.pid, identity: 'an earlier one', ownerPid: 1 }),
    );
    const running = listRunning(directory);
    assert.deepEqual(
      running.map(({ name }) => name),
      ['left'],
    );
    await stopRunning(running);
    await gone([left.pid!]);
    assert.notEqual(processIdentity(stranger.pid!), undefined);
  } finally {
    left.kill('SIGKILL');
    stranger.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});

test('a busy port is reported in one line with the port, the process that needs it and the variable', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  try {
    await assert.rejects(
      createTemporaryStack({ ports: { ...(await freePorts()), 'eu-west-1': address.port } }),
      (error: Error) => {
        assert.match(
          error.message,
          new RegExp(
            `^port ${address.port} for mongod "eu-west-1" is in use by process ${process.pid} [^\\n]*TENURE_PORT_EU_WEST_1`,
          ),
        );
        return true;
      },
    );
  } finally {
    server.close();
  }
});

test('a data directory that cannot be created is reported in one line', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tenure-blocked-'));
  try {
    mkdirSync(join(directory, 'sub'));
    writeFileSync(join(directory, 'sub', 'file'), '');
    const dataDirectory = join(directory, 'sub', 'file', 'data');
    await assert.rejects(createTemporaryStack({ dataDirectory }), /cannot be written \(ENOTDIR\); set TENURE_DATA_DIR/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
