import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { testCertificate, testCertificateKey } from '../../harness/test-certificate.ts';

const entry = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));

let folder: string;
let caFile: string;
const servers: Server[] = [];
describe('reaching', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-reaching-'));
    caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, `# of a company\n${testCertificate}`);
  });
  after(() => {
    for (const server of servers) server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function listening(server: Server): Promise<number> {
    servers.push(server);
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  /** An API without resources. */
  const api: RequestListener = (_request, response) =>
    void response.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end('{"items": []}');

  /** Runs the program in a process of its own, because it sets up certificates and proxies for its whole process. */
  async function run(
    argv: readonly string[],
    environment: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number | null; readonly stderr: string }> {
    const child = spawn(process.execPath, [entry, ...argv], {
      cwd: folder,
      env: { XDG_CONFIG_HOME: folder, TENURE_TOKEN: 'token', ...environment },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    return { code: await new Promise((resolve) => void child.once('close', resolve)), stderr };
  }

  describe('an API with a certificate of a private CA', () => {
    let server: string;
    before(async () => {
      server = `https://127.0.0.1:${await listening(createTlsServer({ cert: testCertificate, key: testCertificateKey }, api))}`;
      mkdirSync(join(folder, 'tenure'));
      writeFileSync(
        join(folder, 'tenure', 'config.json'),
        JSON.stringify({
          contexts: {
            own: { server, caFile: '../ca.pem' },
            other: { server: 'https://127.0.0.1:1', caFile: '../ca.pem' },
          },
        }),
      );
    });

    it('is reached if the CA is named, in every way', async () => {
      const ways: readonly (readonly [argv: readonly string[], environment: Readonly<Record<string, string>>])[] = [
        [['--ca-file', 'ca.pem'], { TENURE_SERVER: server }],
        [[], { TENURE_SERVER: server, TENURE_CA_FILE: caFile }],
        [[], { TENURE_SERVER: server, SSL_CERT_FILE: caFile }],
        [[], { TENURE_SERVER: server, NODE_EXTRA_CA_CERTS: caFile }],
        [['--context', 'own'], {}],
      ];
      for (const [argv, environment] of ways)
        assert.deepEqual(
          await run([...argv, 'get', 'plans'], environment),
          { code: exitCodes.ok, stderr: 'no plans\n' },
          JSON.stringify([argv, environment]),
        );
    });

    it('is not reached otherwise, even with the CA of another context, and the fix says what is missing', async () => {
      for (const argv of [[], ['--context', 'other']]) {
        const { code, stderr } = await run([...argv, 'get', 'plans'], { TENURE_SERVER: server });
        assert.equal(code, exitCodes.unavailable);
        assert.match(
          stderr,
          /^error: no response from https:\/\/127\.0\.0\.1:\d+: .*certificate.*\nfix: trust the CA certificate of the API: --ca-file PATH, /,
        );
      }
    });

    it('is not reached with an invalid certificate file, and the error says what is wrong', async () => {
      writeFileSync(join(folder, 'none.pem'), 'nothing');
      for (const name of ['none.pem', 'absent.pem']) {
        const { code, stderr } = await run(['--ca-file', name, 'get', 'plans'], { TENURE_SERVER: server });
        assert.equal(code, exitCodes.usage);
        assert.match(stderr, /^error: .*\.pem.*\nfix: use a file with certificates in PEM format/);
      }
    });
  });

  describe('behind a proxy', () => {
    let proxy: string;
    let reached: string[] = [];
    let port: number;
    before(async () => {
      port = await listening(createServer(api));
      const forwarding = createServer((request, response) => {
        reached.push(request.url ?? '');
        api(request, response);
      });
      forwarding.on('connect', (request, socket) => {
        reached.push(request.url ?? '');
        const upstream = connect(port, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          upstream.pipe(socket);
          socket.pipe(upstream);
        });
        for (const end of [upstream, socket]) end.on('error', () => undefined);
      });
      proxy = `http://127.0.0.1:${await listening(forwarding)}`;
    });

    it('the API is reached through it, except hosts that NO_PROXY names and this machine', async () => {
      for (const variable of ['HTTP_PROXY', 'http_proxy']) {
        reached = [];
        assert.equal(
          (await run(['get', 'plans'], { TENURE_SERVER: 'http://tenure.invalid:8080', [variable]: proxy })).code,
          exitCodes.ok,
        );
        assert.match(reached.join(' '), /tenure\.invalid:8080/);
      }
      reached = [];
      const without = await run(['get', 'plans'], {
        TENURE_SERVER: 'http://tenure.invalid:8080',
        HTTP_PROXY: proxy,
        NO_PROXY: 'a.example,tenure.invalid',
      });
      assert.equal(without.code, exitCodes.unavailable);
      assert.match(
        without.stderr,
        /^fix: (correct the host name in the address|check that this machine can reach its name server)/m,
      );
      assert.equal(
        (await run(['get', 'plans'], { TENURE_SERVER: `http://127.0.0.1:${port}`, HTTP_PROXY: proxy })).code,
        exitCodes.ok,
      );
      assert.deepEqual(reached, []);
    });
  });

  it('a redirect is not followed, and a server that is not the API is reported as such', async () => {
    const moved = await listening(
      createServer((_request, response) => void response.writeHead(301, { location: 'https://tenure.example/' }).end()),
    );
    const page = await listening(
      createServer((_request, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')),
    );
    const redirected = await run(['get', 'plans'], { TENURE_SERVER: `http://127.0.0.1:${moved}` });
    assert.equal(redirected.code, exitCodes.unavailable);
    assert.match(
      redirected.stderr,
      /: it redirects to https:\/\/tenure\.example\/\nfix: use the address that it redirects to/,
    );
    const { code, stderr } = await run(['get', 'plans'], { TENURE_SERVER: `http://127.0.0.1:${page}` });
    assert.equal(code, exitCodes.unavailable);
    assert.match(stderr, /: the response is not from the API or was truncated\n/);
  });
});
