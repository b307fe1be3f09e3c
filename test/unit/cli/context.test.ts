import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { parse } from 'yaml';
import type { ApiClient, ApiClientOptions } from '../../../client/api-client.ts';
import { ApiError } from '../../../client/api-error.ts';
import { problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun, CliSetting } from '../../harness/in-memory-cli.ts';

let folder: string;
let store: string;
describe('context', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-contexts-'));
    store = join(folder, 'config', 'tenure', 'config.json');
    for (const name of ['prod', 'staging', 'here']) writeFileSync(join(folder, `${name}.token`), `token-of-${name}\n`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = (command: string, { environment, ...setting }: CliSetting = {}): Promise<CliRun> =>
    runInMemory(command.split(' '), {
      workingDirectory: folder,
      environment: { XDG_CONFIG_HOME: join(folder, 'config'), ...environment },
      ...setting,
    });

  async function done(command: string, setting: CliSetting = {}): Promise<string> {
    const { code, stdout, stderr } = await run(command, setting);
    assert.equal(code, exitCodes.ok, `${command}: ${stderr}`);
    return stdout;
  }

  async function twoContexts(): Promise<void> {
    await done('context set prod --server https://prod.example/ --token-file prod.token');
    await done('context set staging --server https://staging.example --token-file staging.token');
  }

  /** Which API a command talks to, and with what token. */
  async function reached(command: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
    let seen = '';
    const createClient = ({ server, token }: ApiClientOptions): ApiClient => {
      const found = token();
      seen = typeof found === 'string' ? `${server} ${found}` : '';
      return {
        server,
        call: () => Promise.resolve({ status: 200, body: { items: [] }, etag: undefined }),
      } as unknown as ApiClient;
    };
    const { stderr } = await run(command, { environment, createClient });
    return seen === '' ? stderr : seen;
  }

  test('contexts are created, listed, used, changed and deleted', async () => {
    assert.deepEqual(await run('context list'), {
      code: exitCodes.ok,
      stdout: '',
      stderr: 'no contexts; create one: tenure context set NAME --server URL --token-file PATH\n',
    });
    assert.deepEqual(await run('context set prod --server https://prod.example/ --token-file prod.token'), {
      code: exitCodes.ok,
      stdout: 'context prod created\n',
      stderr: 'to make it the current context: tenure context use prod\n',
    });
    await twoContexts();
    assert.equal(await done('context use prod'), 'context prod is now the current context\n');
    assert.equal(
      await done('context list'),
      `CURRENT   NAME      SERVER                    TOKEN-FILE\n*         prod      https://prod.example      ${folder}/prod.token\n          staging   https://staging.example   ${folder}/staging.token\n`,
    );
    assert.equal(await done('context list -o name'), 'prod\nstaging\n');
    assert.deepEqual(parse(await done('context show -o yaml')), {
      name: 'prod',
      server: 'https://prod.example',
      tokenFile: join(folder, 'prod.token'),
      path: store,
      selectedBy: 'tenure context use',
    });
    assert.equal(await done('context set prod --token-file here.token'), 'context prod changed\n');
    assert.match(await done('context show prod'), /^Token file: +\S+here\.token$/m);
    assert.deepEqual(await run('context delete prod'), {
      code: exitCodes.ok,
      stdout: 'context prod deleted\n',
      stderr: 'there is no current context now\n',
    });
    assert.equal(await done('context list -o name'), 'staging\n');
  });

  test('the file is accessible only to its owner, and replaced atomically', async () => {
    await twoContexts();
    chmodSync(store, 0o644);
    await done('context use staging');
    assert.equal(statSync(store).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(store)).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(dirname(store)), ['config.json']);
    assert.ok(!readFileSync(store, 'utf8').includes('token-of'), 'the token stays in its own file');
  });

  test('a flag takes precedence over the environment, that over this folder, that over the current context', async () => {
    await twoContexts();
    await done('context use prod');
    const prod = 'https://prod.example token-of-prod';
    const staging = 'https://staging.example token-of-staging';
    assert.equal(await reached('get plans'), prod);
    mkdirSync(join(folder, '.tenure'));
    writeFileSync(join(folder, '.tenure', 'token'), 'token-of-folder');
    writeFileSync(join(folder, '.tenure', 'context.json'), '{"server": "http://127.0.0.1:8080", "tokenFile": "token"}');
    assert.equal(await reached('get plans'), 'http://127.0.0.1:8080 token-of-folder');
    assert.equal(
      (await run('context use prod')).stderr,
      `note: context file ${folder}/.tenure/context.json overrides it here (found in this folder)\n`,
    );
    assert.equal(await reached('get plans', { TENURE_CONTEXT_NAME: 'staging' }), staging);
    assert.equal(
      await reached('get plans', { TENURE_CONTEXT: join(folder, '.tenure', 'context.json') }),
      'http://127.0.0.1:8080 token-of-folder',
    );
    assert.equal(await reached('--context prod get plans', { TENURE_CONTEXT_NAME: 'staging' }), prod);
    assert.equal(await reached('get plans --context prod', { TENURE_CONTEXT: 'gone' }), prod, 'a flag can be anywhere');
    assert.match(
      await reached('get plans', { TENURE_CONTEXT_NAME: 'staging', TENURE_CONTEXT: 'gone' }),
      /^error: TENURE_CONTEXT_NAME and TENURE_CONTEXT are both set\nfix: unset one/,
    );
  });

  test('the token of a context is sent only to its server', async () => {
    await twoContexts();
    await done('context use prod');
    assert.match(
      await reached('get plans --server https://elsewhere.example'),
      /^error: the token of context "prod" is for https:\/\/prod\.example, not for https:\/\/elsewhere\.example\nfix: use --token-file/,
    );
    const { code, stderr } = await run('context set prod --server https://elsewhere.example');
    assert.deepEqual(
      [code, stderr],
      [
        exitCodes.usage,
        'error: the token of context "prod" is for https://prod.example, not for https://elsewhere.example\nfix: also set --token-file\n',
      ],
    );
  });

  test('a context that does not exist is an error only for commands that need it', async () => {
    await twoContexts();
    const environment = { TENURE_CONTEXT_NAME: 'old' };
    assert.equal(
      await reached('get plans --server http://a:1 --token-file here.token', environment),
      'http://a:1 token-of-here',
    );
    assert.equal(
      await reached('get plans', { ...environment, TENURE_SERVER: 'http://a:1', TENURE_TOKEN: 'own' }),
      'http://a:1 own',
    );
    assert.match(await reached('get plans --server http://a:1', environment), /^error: there is no context "old"/);
    assert.match(
      await reached('get plans --server http://a:1 --token-file here.token --context old'),
      /^error: there is no context "old"/,
      'a context in the command itself must exist',
    );
    const used = await run('context use prod', { environment });
    assert.deepEqual([used.code, used.stdout], [exitCodes.ok, 'context prod is now the current context\n']);
    assert.match(
      used.stderr,
      /^note: something overrides it here and cannot be used: there is no context "old" in \S+\nfix: use one of prod, staging/,
    );
    const explained = await run('config explain --server http://a:1 --token-file here.token', { environment });
    assert.match(explained.stderr, /^error: there is no context "old"/, 'config explain reports it');
    assert.match(explained.stdout, /^server +http:\/\/a:1 +flag --server$/m);
  });

  test('a suggested command reaches the same API', async () => {
    await twoContexts();
    const { status, title, fix, retryable } = problems.operation_in_progress;
    const problem = {
      type: '',
      code: 'operation_in_progress' as const,
      status,
      title,
      detail: 'so it is',
      fix,
      retryable,
      requestId: 'r',
      operation: '/v1/operations/01abc',
    };
    const createClient = (): ApiClient =>
      ({ server: '', call: () => Promise.reject(new ApiError(problem)) }) as unknown as ApiClient;
    const next = async (command: string): Promise<string | undefined> =>
      /^operation: (.*)$/m.exec((await run(command, { createClient })).stderr)?.[1];
    assert.equal(await next('--context prod suspend acme'), 'tenure --context prod wait operation/01abc');
    assert.equal(
      await next('suspend acme --server http://a:1 --token-file here.token'),
      'tenure --server http://a:1 --token-file here.token wait operation/01abc',
    );
  });

  test('an invalid command is refused with a fix', async () => {
    const refusal = async (command: string): Promise<string> => {
      const { code, stderr } = await run(command);
      assert.equal(code, exitCodes.usage);
      return stderr;
    };
    assert.match(
      await refusal('context use prod'),
      /^error: there is no context "prod" in \S+\nfix: create it: tenure context set prod --server URL/,
    );
    await twoContexts();
    assert.match(await refusal('context use stagin'), /fix: did you mean "staging"\?/);
    assert.match(await refusal('--context stagin get plans'), /^error: there is no context "stagin"/);
    assert.match(await refusal('context set ../x --server http://a'), /is not a valid context name\nfix: use at most/);
    assert.match(
      await refusal('context set new'),
      /^error: context "new" has no server\nfix: write: context set new --server URL/,
    );
    assert.match(await refusal('context set new --server nowhere'), /"nowhere" is not a server address/);
    assert.match(await refusal('context show'), /^error: no context is in effect/);
    writeFileSync(store, '{"contexts": []}');
    assert.match(await refusal('context list'), /is not a contexts file\nfix: it must contain/);
    assert.equal(
      (await runInMemory(['context', 'set', 'x', '--server', 'http://a:1'])).stderr,
      'error: there is no configuration folder\nfix: set HOME or XDG_CONFIG_HOME\n',
    );
    assert.ok(!existsSync('undefined'));
  });

  test('config explain shows every value with its origin, but never the token', async () => {
    await twoContexts();
    await done('context use prod');
    const origins = async (command: string, environment: Readonly<Record<string, string>> = {}): Promise<unknown> => {
      const { items } = JSON.parse((await run(`${command} -o json`, { environment })).stdout) as {
        items: { setting: string; value: string; origin: string }[];
      };
      return Object.fromEntries(items.map(({ setting, value, origin }) => [setting, `${value} | ${origin}`]));
    };
    assert.deepEqual(await origins('config explain'), {
      context: 'prod | tenure context use',
      'contexts in': `${store} | environment XDG_CONFIG_HOME`,
      server: `https://prod.example | context prod in ${store}`,
      token: `(hidden) | context prod in ${store}`,
      'token file': `${folder}/prod.token | context prod in ${store}`,
      'ca file': 'public authorities | default',
      proxy: 'none | default',
      colour: 'on a terminal | default',
      'called as': 'tenure | command line',
    });
    const behind = await run('config explain --ca-file ca.pem', {
      environment: { HTTPS_PROXY: 'http://user:secret@proxy:1', NO_PROXY: 'a' },
    });
    assert.match(
      behind.stdout,
      /^ca file +\S+ca\.pem +flag --ca-file\nproxy +HTTPS_PROXY +environment$/m,
      'the password of the proxy is not shown',
    );
    const told = await run('config explain --server http://a:1 --token-file here.token', {
      environment: { TENURE_TOKEN: 'secret', NO_COLOR: '1' },
    });
    assert.match(told.stdout, /^server +http:\/\/a:1 +flag --server$/m);
    assert.match(told.stdout, /^token +\(hidden\) +flag --token-file$/m);
    assert.match(told.stdout, /^colour +never +environment NO_COLOR$/m);
    assert.match(
      (await run('config explain', { environment: { TENURE_TOKEN: 'secret-canary', TENURE_SERVER: 'http://v:1' } }))
        .stdout,
      /^token +\(hidden\) +environment TENURE_TOKEN$/m,
    );
    for (const text of [
      told.stdout,
      (await run('config explain', { environment: { TENURE_TOKEN: 'secret-canary' } })).stdout,
    ])
      assert.ok(!text.includes('secret') && !text.includes('token-of'), text);
  });

  test('config explain shows all that it can, and each flaw once with its fix', async () => {
    const nothing = await run('config explain');
    assert.equal(nothing.code, exitCodes.usage);
    assert.match(nothing.stdout, /^server +- +not usable$/m);
    assert.match(nothing.stderr, /^error: no server is configured\nfix: [^\n]+\n$/);
    const gone = await run('config explain', { environment: { TENURE_CONTEXT: 'gone.json' } });
    assert.match(gone.stderr, /^error: TENURE_CONTEXT names \S+gone\.json, which does not exist\nfix: [^\n]+\n$/);
    const noToken = await run('config explain', {
      environment: { TENURE_SERVER: 'http://a:1', TENURE_TOKEN_FILE: 'gone' },
    });
    assert.match(noToken.stderr, /^error: the token file \S+gone cannot be read/);
    assert.match(noToken.stdout, /^token +- +not usable\ntoken file +\S+gone +environment TENURE_TOKEN_FILE$/m);
  });
});
