import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { readEnvironment } from '../../../cli/config.ts';
import { resolveConnection } from '../../../cli/connection.ts';
import type { ConnectionSources } from '../../../cli/connection.ts';
import type { ApiClient, ApiClientOptions } from '../../../client/api-client.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';

let folder: string;
let here: string;
let installation: string;
describe('connection', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-connection-'));
    here = join(folder, 'here');
    installation = join(folder, 'installation');
    for (const path of [join(here, '.tenure'), join(installation, '.tenure')]) mkdirSync(path, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function token(name: string, at = folder): string {
    const path = join(at, name);
    writeFileSync(path, `${name}\n`);
    return path;
  }

  const local = (): string => join(here, '.tenure');

  function context(path: string, value: unknown): void {
    writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  }

  function resolved(
    environment: Readonly<Record<string, string>> = {},
    flags: { readonly server?: string; readonly tokenFile?: string } = {},
  ): string {
    const connection = resolveConnection({
      flags,
      environment: readEnvironment(environment),
      workingDirectory: here,
      installationDirectory: installation,
    });
    return `${connection.server} ${connection.token()}`;
  }

  test('flags take precedence over the environment, and the environment over the context', () => {
    context(join(local(), 'context.json'), { server: 'http://localhost:1/', tokenFile: token('of-context', local()) });
    assert.equal(resolved(), 'http://localhost:1 of-context');
    assert.equal(resolved({ TENURE_TOKEN: 'of-variable' }), 'http://localhost:1 of-variable');
    assert.equal(
      resolved({ TENURE_SERVER: 'http://variable:1', TENURE_TOKEN_FILE: token('of-file') }),
      'http://variable:1 of-file',
    );
    assert.equal(
      resolved({ TENURE_TOKEN: 'of-variable', TENURE_TOKEN_FILE: token('of-file') }),
      'http://localhost:1 of-variable',
    );
    assert.equal(
      resolved(
        { TENURE_SERVER: 'http://variable:1', TENURE_TOKEN: 'of-variable' },
        { server: 'https://flag/api/', tokenFile: token('of-flag') },
      ),
      'https://flag/api of-flag',
    );
  });

  test('the context is the named one, else the one here, else the one of the program; its token is beside it', () => {
    writeFileSync(join(installation, '.tenure', 'operator.token'), 'beside');
    context(join(installation, '.tenure', 'context.json'), { server: 'http://beside:1', tokenFile: 'operator.token' });
    assert.equal(resolved(), 'http://beside:1 beside');
    context(join(local(), 'context.json'), { server: 'http://here:1', tokenFile: token('here-token', local()) });
    assert.equal(resolved(), 'http://here:1 here-token');
    context(join(folder, 'other.json'), { server: 'http://named:1', tokenFile: token('named') });
    assert.equal(resolved({ TENURE_CONTEXT: '../other.json' }), 'http://named:1 named');
  });

  test('a token file is read again for every request', () => {
    const path = token('first');
    const connection = resolveConnection({
      flags: { server: 'http://a:1', tokenFile: path },
      environment: readEnvironment({}),
      workingDirectory: here,
      installationDirectory: installation,
    });
    writeFileSync(path, 'second');
    assert.equal(connection.token(), 'second');
  });

  test('the token of a context is not sent to another server', () => {
    context(join(local(), 'context.json'), { server: 'http://context:1', tokenFile: token('of-context', local()) });
    assert.equal(resolved({}, { server: 'http://context:1/' }), 'http://context:1 of-context');
    assert.throws(() => resolved({}, { server: 'http://elsewhere:1' }), {
      exit: 'usage',
      message: /the token of .* is for http:\/\/context:1, not for http:\/\/elsewhere:1\nfix: use --token-file/,
    });
  });

  test('a missing or malformed setting is reported with its fix', () => {
    assert.throws(() => resolved(), {
      exit: 'usage',
      message:
        'error: no server is configured\nfix: run `npm start`, which writes .tenure/context.json; or run tenure context set NAME --server URL --token-file PATH; or use --server and --token-file',
    });
    assert.throws(
      () => resolved({ TENURE_SERVER: 'http://a:1' }),
      /no token is configured for http:\/\/a:1\nfix: use --token-file/,
    );
    for (const server of ['127.0.0.1:8080', 'ftp://a', 'http://user:secret@a'])
      assert.throws(
        () => resolved({ TENURE_TOKEN: 't' }, { server }),
        /is not a server address\nfix: use an address such as http/,
      );
    assert.throws(
      () => resolved({ TENURE_CONTEXT: 'gone.json' }),
      /TENURE_CONTEXT names .*gone\.json, which does not exist\nfix: /,
    );
    for (const text of ['{', '[]', '{"server": 1}', '{"server": "http://a", "token": "secret"}']) {
      context(join(folder, 'bad.json'), text);
      assert.throws(
        () => resolved({ TENURE_CONTEXT: join(folder, 'bad.json') }),
        /the context .*bad\.json cannot be read: .*\nfix: it must contain/,
      );
    }
    assert.throws(
      () => resolved({}, { server: 'http://a:1', tokenFile: 'gone' }),
      /the token file .*gone cannot be read: .*\nfix: /,
    );
  });

  test('a token with a line break in it is refused without being shown', () => {
    const path = join(folder, 'two');
    writeFileSync(path, 'secret-one\nsecret-two');
    assert.throws(
      () => resolved({}, { server: 'http://a:1', tokenFile: path }),
      (error: Error) => /contains no token/.test(error.message) && !error.message.includes('secret-'),
    );
  });

  test('a found context cannot name a token outside its folder, not even by a link; a selected one can', () => {
    const secret = token('of-the-user');
    const path = join(local(), 'context.json');
    symlinkSync(secret, join(local(), 'linked'));
    for (const tokenFile of [secret, '../../of-the-user', 'linked']) {
      context(path, { server: 'http://elsewhere:1', tokenFile });
      assert.throws(() => resolved(), {
        exit: 'usage',
        message:
          /was found in a folder, not selected, and names a token file outside that folder: .*\nfix: if you trust it, set TENURE_CONTEXT=/,
      });
      assert.equal(resolved({ TENURE_CONTEXT: path }), 'http://elsewhere:1 of-the-user');
    }
  });

  test('the user’s token is sent to the remote server of a found context only if server or context is selected', () => {
    const path = join(local(), 'context.json');
    const own = token('of-the-user');
    const ways = [
      [{ TENURE_TOKEN: 'of-the-user' }, {}],
      [{ TENURE_TOKEN_FILE: own }, {}],
      [{}, { tokenFile: own }],
    ] as const;
    // The last two are host names, although they begin like addresses of this machine.
    for (const server of [
      'https://elsewhere',
      'http://10.0.0.1:1',
      'http://127.0.0.1.elsewhere',
      'http://localhost.elsewhere',
    ]) {
      context(path, { server, tokenFile: token('beside-it', local()) });
      assert.equal(resolved(), `${server} beside-it`);
      for (const [environment, flags] of ways) {
        assert.throws(() => resolved(environment, flags), {
          exit: 'usage',
          message:
            /was found in a folder, not selected; the token of .* is not sent to its server .*\nfix: if you trust it, select the server: --server http.*; or the context file: TENURE_CONTEXT=\//,
        });
        assert.equal(resolved(environment, { ...flags, server }), `${server} of-the-user`);
        assert.equal(resolved({ ...environment, TENURE_SERVER: server }, flags), `${server} of-the-user`);
        assert.equal(resolved({ ...environment, TENURE_CONTEXT: path }, flags), `${server} of-the-user`);
      }
    }
    for (const server of ['http://localhost:1', 'http://127.0.0.1:1', 'http://127.9.9.9:1', 'http://[::1]:1']) {
      context(path, { server });
      for (const [environment, flags] of ways) assert.equal(resolved(environment, flags), `${server} of-the-user`);
    }
  });

  test('a byte order mark and Windows line ends are ignored in contexts and tokens; UTF-16 is reported', async () => {
    const seen: string[] = [];
    const createClient = ({ server, token }: ApiClientOptions) => {
      const found = token();
      seen.push(`${server} ${typeof found === 'string' ? found : ''}`);
      return { server, call: () => Promise.resolve({ status: 200, body: { items: [] } }) } as unknown as ApiClient;
    };
    const text = {
      context: '{\r\n"server": "http://a:1", "tokenFile": "token"\r\n}\r\n',
      contexts: '{"current": "a", "contexts": {"a": {"server": "http://a:1", "tokenFile": "../token"}}}\r\n',
      token: 'secret\r\n',
    };
    mkdirSync(join(folder, 'tenure'));
    const write = (encode: (text: string) => Uint8Array | string): void => {
      writeFileSync(join(folder, 'context.json'), encode(text.context));
      writeFileSync(join(folder, 'tenure', 'config.json'), encode(text.contexts));
      writeFileSync(join(folder, 'token'), encode(text.token));
    };
    const ways = [
      { TENURE_CONTEXT: join(folder, 'context.json') },
      { XDG_CONFIG_HOME: folder },
      { TENURE_SERVER: 'http://a:1', TENURE_TOKEN_FILE: join(folder, 'token') },
    ];
    write((plain) => `\uFEFF${plain}`);
    for (const environment of ways)
      assert.deepEqual((await runInMemory(['get', 'plans'], { environment, createClient })).code, exitCodes.ok);
    assert.deepEqual(seen, Array(3).fill('http://a:1 secret'));
    for (const mark of ['\uFEFF', '']) {
      write((plain) => Buffer.from(`${mark}${plain}`, 'utf16le'));
      for (const environment of ways) {
        const { code, stderr } = await runInMemory(['get', 'plans'], { environment, createClient });
        assert.equal(code, exitCodes.usage);
        assert.match(stderr, /UTF-16 text.*\nfix: save it as UTF-8\n$/);
      }
    }
  });

  test('the CA of a context is trusted only for its server and, in a found context, only with its own token', () => {
    const server = 'https://api.example';
    const path = join(here, '.tenure', 'context.json');
    writeFileSync(path, JSON.stringify({ server, tokenFile: 'token', caFile: 'ca.pem' }));
    const caFile = (
      environment: Readonly<Record<string, string>>,
      flags: ConnectionSources['flags'] = {},
    ): string | undefined =>
      resolveConnection({
        flags,
        environment: readEnvironment(environment),
        workingDirectory: here,
        installationDirectory: installation,
      }).caFile;
    const own = join(here, '.tenure', 'ca.pem');
    assert.equal(caFile({}), own);
    assert.equal(caFile({ TENURE_SERVER: server, TENURE_TOKEN: 'of-the-user' }), undefined);
    assert.equal(caFile({ TENURE_CONTEXT: path, TENURE_TOKEN: 'of-the-user' }), own);
    assert.equal(
      caFile({ TENURE_SERVER: 'https://other.example', TENURE_TOKEN: 'of-the-user', TENURE_CONTEXT: path }),
      undefined,
    );
    assert.equal(caFile({ SSL_CERT_FILE: '/system.pem' }), own);
    assert.equal(caFile({ TENURE_CA_FILE: '/own.pem', SSL_CERT_FILE: '/system.pem' }), '/own.pem');
    assert.equal(caFile({ TENURE_CA_FILE: '/own.pem' }, { caFile: 'flag.pem' }), join(here, 'flag.pem'));
    assert.equal(
      caFile({ TENURE_SERVER: 'https://other.example', TENURE_TOKEN: 't', SSL_CERT_FILE: '/system.pem' }),
      '/system.pem',
    );
    assert.equal(
      caFile({ TENURE_SERVER: 'http://other.example', TENURE_TOKEN: 't', SSL_CERT_FILE: '/system.pem' }),
      undefined,
      'a server without TLS has no certificate to trust',
    );
  });
});
