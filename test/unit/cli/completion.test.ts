import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pathOf, sourceOfArgument } from '../../../cli/completion/value-sources.ts';
import { shellScripts, shells } from '../../../cli/completion/shell-scripts.ts';
import type { ApiClient } from '../../../client/api-client.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { everyCommand, inertProgram } from './every-command.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';

const script = fileURLToPath(new URL('../../../tenure', import.meta.url));
const tenants = ['acme', 'acme-two', 'globex'];

let folder: string;
/** Never answers. */
let silent: Server;
describe('completion', () => {
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-completion-'));
    mkdirSync(join(folder, 'tenure'));
    writeFileSync(
      join(folder, 'tenure', 'config.json'),
      JSON.stringify({ contexts: { prod: { server: 'http://prod:1' }, staging: { server: 'http://staging:1' } } }),
    );
    writeFileSync(join(folder, 'some file.yaml'), '');
    mkdirSync(join(folder, 'a:b'));
    writeFileSync(join(folder, 'a:b', 'day=1.yaml'), '');
    symlinkSync(script, join(folder, 'tenure-here'));
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', () => resolve()));
  });
  after(() => {
    silent.closeAllConnections();
    silent.close();
    rmSync(folder, { recursive: true, force: true });
  });

  interface Offered {
    readonly values: readonly string[];
    readonly directive: string;
    readonly asked: readonly string[];
  }

  /** What is offered for the words, of which the last is at the cursor, by an API with a few resources. */
  async function offered(...words: readonly string[]): Promise<Offered> {
    const asked: string[] = [];
    const items: Readonly<Record<string, readonly object[]>> = {
      listTenants: tenants.map((name) => ({ metadata: { name } })),
      listPlans: [{ metadata: { name: 'startup' } }],
      listTemplates: [{ metadata: { name: 'shop' } }],
      listRollouts: [{ id: '01rollout' }],
      listOperations: [{ id: '01operation' }],
      listRegions: [],
      listTombstones: [],
    };
    const createClient = ({ server }: { readonly server: string }): ApiClient =>
      ({
        server,
        call(route: string, { query = {} }: { readonly query?: object } = {}) {
          asked.push(`${server} ${route} ${JSON.stringify(query)}`);
          return Promise.resolve({ status: 200, etag: undefined, body: { items: items[route] } });
        },
      }) as unknown as ApiClient;
    const { code, stdout, stderr } = await runInMemory(['__complete', '--', ...words], {
      environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token', XDG_CONFIG_HOME: folder },
      createClient,
    });
    assert.deepEqual([code, stderr], [exitCodes.ok, '']);
    const lines = stdout.trimEnd().split('\n');
    return {
      values: lines.slice(0, -1).map((line) => line.split('\t')[0] ?? ''),
      directive: lines.at(-1) ?? '',
      asked,
    };
  }

  const offers: readonly (readonly [words: readonly string[], values: readonly string[]])[] = [
    [['susp'], ['suspend']],
    [
      ['roll-out', 'p'],
      ['preview', 'pause'],
    ],
    [
      ['operations', ''],
      ['cancel', 'abandon'],
    ],
    [
      ['get', 'te'],
      ['tenants', 'tenant', 'templates', 'template'],
    ],
    [
      ['get', 'tenant', 'ac'],
      ['acme', 'acme-two'],
    ],
    [
      ['get', 'tenant/ac'],
      ['tenant/acme', 'tenant/acme-two'],
    ],
    [['describe', 'operation/'], ['operation/01operation']],
    [['wait', 'p'], []],
    [
      ['wait', 'tenant/acme', '--for', 'lifecycle=A'],
      ['lifecycle=Active', 'lifecycle=Archived'],
    ],
    [['wait', 'tenant/acme', '--for=lifecycle=Ar'], ['--for=lifecycle=Archived']],
    [['suspend', 'acme', '--wait', 'g'], ['globex']],
    [['suspend', '--timeout', 'g'], []],
    [['change-plan', 'acme', ''], ['startup']],
    [['get', 'tenants', '--plan', ''], ['startup']],
    [['get', 'tenants', '-o', 'j'], ['json']],
    [['get', 'tenants', '--output=y'], ['--output=yaml']],
    [
      ['apply', '--dry-run', ''],
      ['client', 'server'],
    ],
    [['apply', '--wa'], ['--wait']],
    [['apply', '--wait', '--wa'], []],
    [['apply', '--serv'], ['--server']],
    [['delete', 'tenant/acme', '--confirm', ''], ['acme']],
    [['roll-out', 'start', ''], ['shop']],
    [['roll-out', 'status', ''], ['01rollout']],
    [['rollout', 'status', ''], ['01rollout']],
    [['verify', ''], ['isolation']],
    [['verify', 'isolation', 'acme', 'g'], ['globex']],
    [['explain', 'tenant.spec.res'], ['tenant.spec.residency']],
    [
      ['explain', 'pla'],
      ['placement', 'plan'],
    ],
    [['explain', 'placement', 'g'], ['globex']],
    [['can-i', 'susp'], ['suspend']],
    [['can-i', 'suspend', 'tenant/g'], ['tenant/globex']],
    [
      ['context', 'use', ''],
      ['prod', 'staging'],
    ],
    [['--context', 'st'], ['staging']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['nonsense', 'x', ''], []],
  ];
  for (const [words, values] of offers) {
    test(`offered for "${words.join(' ')}": ${values.join(' ') || 'nothing'}`, async () =>
      assert.deepEqual((await offered(...words)).values, values));
  }

  test('every command except the hidden one is offered if no word is typed', async () => {
    const { values } = await offered('');
    assert.deepEqual(
      values,
      inertProgram()
        .commands.map((command) => command.name())
        .filter((name) => name !== '__complete'),
    );
  });

  test('names are requested from the server that was typed, and only those that match', async () => {
    const { asked } = await offered('--server', 'http://elsewhere:1', 'get', 'tenant', 'ac');
    assert.deepEqual(asked, ['http://elsewhere:1 listTenants {"namePrefix":"ac","pageSize":200}']);
    assert.deepEqual((await offered('get', 'plans', '--')).asked, [], 'options need no API');
  });

  test('only deleted tenants are requested for undelete and purge', async () => {
    for (const verb of ['undelete', 'purge'])
      assert.deepEqual((await offered(verb, 'ac')).asked, [
        'http://api:1 listTenants {"lifecycle":"Deleted","namePrefix":"ac","pageSize":200}',
      ]);
  });

  test('the shell completes file names', async () => {
    assert.equal((await offered('apply', '-f', 'so')).directive, ':files');
    assert.equal((await offered('--token-file', '')).directive, ':files');
  });

  test('if the API is unreachable, silent or not configured, completion soon ends without a message', async () => {
    const { port } = silent.address() as AddressInfo;
    for (const environment of [
      {},
      { TENURE_SERVER: 'http://127.0.0.1:1', TENURE_TOKEN: 't' },
      { TENURE_SERVER: `http://127.0.0.1:${port}`, TENURE_TOKEN: 't' },
      { TENURE_SERVER: 'http://a:1', TENURE_TOKEN_FILE: 'gone' },
      { TENURE_CONTEXT: 'gone' },
    ]) {
      const began = performance.now();
      const answer = await runInMemory(['__complete', '--', 'get', 'tenant', ''], { environment });
      assert.deepEqual(answer, { code: exitCodes.ok, stdout: ':\n', stderr: '' });
      assert.ok(performance.now() - began < 5_000);
    }
  });

  test('every argument has a source of its values', () => {
    const unsaid = everyCommand(inertProgram()).flatMap((command) =>
      command.registeredArguments
        .filter((argument) => sourceOfArgument(command, argument) === undefined)
        .map((argument) => `${pathOf(command)} <${argument.name()}>`),
    );
    assert.deepEqual(unsaid, []);
  });

  /** Asks a real bash for what it completes when Tab is pressed at the end of the line. */
  function inBash(line: string): readonly string[] {
    const shell = `source <("${script}" completion bash)
COMP_LINE=$1; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_POINT=\${#COMP_LINE}
_tenure_complete
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { PATH = '' } = process.env;
    // Bash splits words like this.
    const words = [...(line.match(/[=:]+|[^\s=:]+/g) ?? []), ...(line.endsWith(' ') ? [''] : [])];
    const output = execFileSync('bash', ['--norc', '-c', shell, 'bash', line, ...words], {
      cwd: folder,
      env: { PATH, XDG_CONFIG_HOME: folder },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return output.split('\n').filter((one) => one !== '');
  }

  test('bash completes what was typed, by calling the program as it was typed', () => {
    assert.deepEqual(inBash(`${script} undel`), ['undelete']);
    assert.deepEqual(inBash('./tenure-here context use '), ['prod', 'staging']);
    assert.deepEqual(inBash('./tenure-here apply -f some'), ['some file.yaml']);
    assert.deepEqual(inBash('./tenure-here explain tenant.spec.resi'), ['tenant.spec.residency']);
    assert.deepEqual(inBash('./tenure-here get tenant '), []);
  });

  test('bash, which splits words at "=" and ":", gets only what follows the last of them', () => {
    assert.deepEqual(inBash('./tenure-here get tenants --output=ya'), ['yaml']);
    assert.deepEqual(inBash('./tenure-here apply --dry-run='), ['client', 'server']);
    assert.deepEqual(inBash('./tenure-here apply --file=some'), ['some file.yaml']);
    assert.deepEqual(inBash('./tenure-here apply --file=a:b/da'), ['b/day=1.yaml']);
    assert.deepEqual(inBash('./tenure-here apply --file=a:b/day='), ['1.yaml']);
    assert.deepEqual(inBash('./tenure-here wait tenant/acme --for=lifecycle=Act'), ['Active']);
    assert.deepEqual(inBash('./tenure-here wait tenant/acme --for lifecycle=Act'), ['Active']);
    assert.deepEqual(inBash('./tenure-here --server http://127.0.0.1:1 context use '), ['prod', 'staging']);
    assert.deepEqual(inBash('./tenure-here get -l ring=canary reg'), ['regions', 'region']);
  });

  for (const shell of shells) {
    test(`the script for ${shell} calls this program, and ${shell} can parse it if it is installed`, async () => {
      assert.deepEqual(await runInMemory(['completion', shell]), {
        code: exitCodes.ok,
        stdout: shellScripts[shell],
        stderr: '',
      });
      const { error, status, stderr } = spawnSync(shell, ['-n'], { input: shellScripts[shell], encoding: 'utf8' });
      const isAbsent = error !== undefined && 'code' in error && error.code === 'ENOENT';
      if (!isAbsent) assert.equal(status, 0, stderr);
      assert.match(shellScripts[shell], / __complete -- /);
    });
  }
});
