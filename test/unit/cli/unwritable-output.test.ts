import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../../contracts/problem-type.ts';

const script = fileURLToPath(new URL('../../../tenure', import.meta.url));
const tooLongMs = 30_000;

let folder: string;
/** An API with one tenant, which changes all the time. */
let api: Server;
describe('unwritable output', () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-output-'));
    mkdirSync(join(folder, 'tenure'));
    writeFileSync(
      join(folder, 'tenure', 'config.json'),
      JSON.stringify({ contexts: { prod: { server: 'http://prod:1' } } }),
    );
    const tenant = (revision: number) => ({ metadata: { name: 'acme', uid: 'u', revision } });
    api = createServer((request, response) => {
      if (!request.url?.startsWith('/v1/tenants:watch')) {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(request.url?.startsWith('/v1/tenants/') ? tenant(1) : { items: [tenant(1)] }));
        return;
      }
      response.setHeader('content-type', 'text/event-stream');
      response.write('event: bookmark\nid: 1\ndata: {}\n\n');
      let revision = 1;
      const changing = setInterval(
        () => response.write(`event: tenant\nid: ${(revision += 1)}\ndata: ${JSON.stringify(tenant(revision))}\n\n`),
        20,
      );
      response.once('close', () => clearInterval(changing));
    });
    await new Promise<void>((resolve) => void api.listen(0, '127.0.0.1', () => resolve()));
  });
  after(() => {
    api.closeAllConnections();
    api.close();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Ended {
    readonly code: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }

  /** Runs a shell command in which `tenure` is the program. */
  async function inShell(line: string): Promise<Ended> {
    const { PATH = '' } = process.env;
    const { port } = api.address() as AddressInfo;
    const environment = { PATH, XDG_CONFIG_HOME: folder, TENURE_SERVER: `http://127.0.0.1:${port}`, TENURE_TOKEN: 't' };
    const child = spawn('sh', ['-c', `tenure() { "${script}" "$@"; }; ${line}`], {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    // Kills also the processes that it has started.
    const tooLong = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), tooLongMs);
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => (written[name] += text));
    const code = await new Promise<number | null>((resolve) => void child.once('close', resolve));
    clearTimeout(tooLong);
    return { code, ...written };
  }

  test('a watch ends with success when its reader stops reading', async () => {
    for (const watched of ['tenants', 'tenant/acme']) {
      const { code, stdout, stderr } = await inShell(
        `{ tenure get ${watched} -w -o json; echo "ended with $?" >&2; } | head -n 1`,
      );
      assert.deepEqual([code, stderr], [0, `ended with ${exitCodes.ok}\n`]);
      assert.match(stdout, /^\{.*\}\n$/);
    }
  });

  test(
    'output that cannot be written is reported, and also ends a watch',
    { skip: existsSync('/dev/full') ? false : 'there is no /dev/full here' },
    async () => {
      for (const command of ['context list', 'get tenants -o json', 'get tenants -w -o json']) {
        const { code, stderr } = await inShell(`tenure ${command} >/dev/full`);
        assert.equal(code, exitCodes.unavailable, command);
        assert.match(stderr, /^error: the output cannot be written: ENOSPC[^\n]*\nfix: [^\n]+\n$/);
      }
    },
  );

  test(
    'messages that cannot be written do not change the exit code',
    { skip: existsSync('/dev/full') ? false : 'there is no /dev/full here' },
    async () => {
      assert.deepEqual(await inShell('tenure get nonsense 2>/dev/full'), {
        code: exitCodes.usage,
        stdout: '',
        stderr: '',
      });
    },
  );
});
