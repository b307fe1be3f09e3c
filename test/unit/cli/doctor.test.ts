import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { readVersion } from '../../../cli/version.ts';
import { problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun } from '../../harness/in-memory-cli.ts';

/** What the API reports about itself, and what it answers to the caller. */
interface Behaviour {
  readonly readyStatus: number;
  readonly ready: unknown;
  readonly aheadMs: number;
  readonly caller: unknown;
  readonly listed: unknown;
}

const hourMs = 3_600_000;
const sound = (): Behaviour => ({
  readyStatus: 200,
  ready: { ready: true, version: readVersion(), checks: { control: 'ok', temporal: 'ok', policy: 'ok' } },
  aheadMs: 0,
  caller: {
    subject: 'alice@example.com',
    roles: ['viewer'],
    expireTime: new Date(Date.now() + 24 * hourMs).toISOString(),
  },
  listed: { items: [] },
});

function problem(code: ProblemCode, detail: string): object {
  const { status, title, fix, retryable } = problems[code];
  return { type: `/problems/${code}`, code, status, title, detail, fix, retryable, requestId: 'r' };
}

let behaviour: Behaviour;
let api: Server;
let folder: string;
describe('doctor', () => {
  before(async () => {
    api = createServer((request, response) => {
      const isReadiness = request.url === '/readyz';
      const body = isReadiness ? behaviour.ready : request.url === '/v1/caller' ? behaviour.caller : behaviour.listed;
      const status = isReadiness ? behaviour.readyStatus : ((body as { status?: number }).status ?? 200);
      response
        .writeHead(status, {
          'content-type': 'application/json',
          date: new Date(Date.now() + behaviour.aheadMs).toUTCString(),
        })
        .end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => void api.listen(0, '127.0.0.1', () => resolve()));
    folder = mkdtempSync(join(tmpdir(), 'tenure-doctor-'));
  });
  beforeEach(() => {
    behaviour = sound();
    writeFileSync(join(folder, 'token'), 'token', { mode: 0o600 });
    writeFileSync(
      join(folder, 'context.json'),
      JSON.stringify({ server: `http://127.0.0.1:${(api.address() as AddressInfo).port}`, tokenFile: 'token' }),
      { mode: 0o600 },
    );
    for (const name of ['token', 'context.json']) chmodSync(join(folder, name), 0o600);
  });
  after(() => {
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const doctor = (...argv: readonly string[]): Promise<CliRun> =>
    runInMemory(['doctor', ...argv], { workingDirectory: folder, environment: { TENURE_CONTEXT: 'context.json' } });

  test('if everything works, each check says so and the exit code is 0', async () => {
    const { code, stdout, stderr } = await doctor();
    assert.deepEqual([code, stderr], [exitCodes.ok, '']);
    assert.deepEqual(
      stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split(/ +/, 2)),
      [
        'context',
        'server',
        'token',
        'reachable',
        'control',
        'temporal',
        'policy',
        'clock',
        'version',
        'caller',
        'roles',
        'list',
      ].map((check) => ['ok', check]),
    );
    assert.match(stdout, /^ok +caller +alice@example\.com, until \S+Z \(for (23h59m|24h)[^)]*\)$/m);
    const { checks } = JSON.parse((await doctor('-o', 'json')).stdout) as {
      checks: { check: string; status: string; found: string }[];
    };
    assert.deepEqual(checks.at(-1), { check: 'list', status: 'ok', found: 'tenants can be listed' });
  });

  test('something that works but needs attention is a warning with its fix, and the exit code is 0', async () => {
    const warned = async (change: Partial<Behaviour>): Promise<string> => {
      behaviour = { ...sound(), ...change };
      const { code, stdout } = await doctor();
      assert.equal(code, exitCodes.ok, stdout);
      return stdout
        .split('\n')
        .filter((line, index, all) => line.startsWith('warning') || all[index - 1]?.startsWith('warning') === true)
        .join('\n');
    };
    assert.match(
      await warned({ aheadMs: 90_000 }),
      /^warning {2}clock +the server is (1m29s|1m30s|1m31s) ahead; .*\n +fix: synchronize the clocks/,
    );
    assert.match(await warned({ aheadMs: -20_000 }), /^warning {2}clock +the server is (19|20|21)s behind/);
    assert.match(
      await warned({ ready: { ready: true, version: readVersion(), checks: { 'cell eu-west-1-a': 'away' } } }),
      /^warning {2}cell eu-west-1-a +no worker has reached it .*\n +fix: ask the operator to check that the cell runs/,
    );
    assert.match(
      await warned({ ready: { ready: true, version: '9.9.9', checks: {} } }),
      /^warning {2}version +command \S+, server 9\.9\.9\n +fix: use the command of version 9\.9\.9$/,
    );
    assert.match(
      await warned({
        caller: { subject: 'a', roles: ['admin'], expireTime: new Date(Date.now() + hourMs / 12).toISOString() },
      }),
      /^warning {2}caller .*\n +fix: get a new token/,
    );
    assert.match(
      await warned({ listed: problem('forbidden', 'policy does not allow tenant.list') }),
      /^warning {2}list +the roles of the token do not allow listing tenants/,
    );
    for (const name of ['token', 'context.json']) chmodSync(join(folder, name), 0o664);
    const open = await warned({});
    assert.match(
      open,
      /^warning {2}context +\S+context\.json \(TENURE_CONTEXT\): others can write it \(mode 0664\).*\n +fix: chmod 600 \S+context\.json$/m,
    );
    assert.match(
      open,
      /^warning {2}token +\S+token \(.*\): others can read or write it \(mode 0664\)\n +fix: chmod 600 \S+token$/m,
    );
  });

  test('a problem has a fix, checks that depend on it are skipped, and the worst decides the exit code', async () => {
    behaviour = {
      ...sound(),
      readyStatus: 503,
      ready: { ready: false, version: readVersion(), checks: { control: 'ok', temporal: 'failed', policy: 'ok' } },
    };
    const unready = await doctor();
    assert.equal(unready.code, exitCodes.unavailable);
    assert.match(unready.stdout, /^problem {2}temporal +failed\n +fix: ask the operator to check that Temporal runs/m);

    behaviour = { ...sound(), caller: problem('unauthenticated', 'the token has expired') };
    const expired = await doctor();
    assert.equal(expired.code, exitCodes.denied);
    assert.match(
      expired.stdout,
      /^problem {2}caller +[^\n]*the token has expired\.\n +fix: .*\nskipped {2}roles +the caller is not known\nskipped {2}list /m,
    );

    behaviour = { ...sound(), ready: ['something else'] };
    const other = await doctor();
    assert.equal(other.code, exitCodes.unavailable);
    assert.match(
      other.stdout,
      /^problem {2}reachable +no response from \S+: the response \(status 200\) is not from the API$/m,
    );
    assert.match(other.stdout, /^skipped {2}caller +the API does not answer$/m);

    behaviour = sound();
    const noToken = await doctor('--token-file', 'gone');
    assert.equal(noToken.code, exitCodes.usage);
    assert.match(noToken.stdout, /^problem {2}token +the token file \S+gone cannot be read.*\n +fix: check the path/m);
    const nothing = await runInMemory(['doctor'], { workingDirectory: folder });
    assert.equal(nothing.code, exitCodes.usage);
    assert.match(nothing.stdout, /^problem {2}server +no server is configured\n/m);
    const plain = await runInMemory(['doctor', '--server', 'http://tenure.invalid:1', '--token-file', 'token'], {
      workingDirectory: folder,
    });
    assert.match(
      plain.stdout,
      /^warning {2}server +http:\/\/tenure\.invalid:1 \(flag --server\): the token is sent unencrypted$/m,
    );
    assert.equal(plain.code, exitCodes.unavailable);
  });
});
