import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun, CliSetting } from '../../harness/in-memory-cli.ts';

const uid = '01m7yzcrqvvjzzgg30pekssm21';
const purgeTime = '2030-02-01T00:00:00.000Z';
const tenant = {
  metadata: { name: 'acme', uid, revision: 9 },
  spec: { plan: 'startup' },
  status: {
    lifecycle: 'Deleted',
    placement: { mode: 'dedicated', region: 'eu-west-1', cell: 'eu-west-1-a', database: `tenant_${uid}` },
    deletion: { purgeTime },
  },
};

/** Runs a command with an API that answers with the tenant. Returns the requests and the If-Match of the last one. */
async function run(
  argv: readonly string[],
  setting: CliSetting = {},
): Promise<CliRun & { readonly calls: readonly string[]; readonly ifMatch: string | undefined }> {
  const calls: string[] = [];
  let ifMatch: string | undefined;
  const client = {
    server: '',
    call(route: string, call: { readonly ifMatch?: string }) {
      calls.push(route);
      ({ ifMatch } = call);
      return Promise.resolve({ status: 200, etag: '"9"', body: route === 'getTenant' ? tenant : { tenant } });
    },
  };
  const answer = await runInMemory(argv, {
    environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' },
    createClient: () => client as unknown as ApiClient,
    ...setting,
  });
  return { ...answer, calls, ifMatch };
}

for (const [verb, route] of [
  ['delete', 'deleteTenant'],
  ['purge', 'purgeTenant'],
] as const) {
  test(`${verb} asks for the name on a terminal, and continues when it is typed`, async () => {
    const { code, stdout, stderr, calls } = await run([verb, 'acme'], { typed: 'acme\n' });
    assert.deepEqual([code, stdout, calls], [exitCodes.ok, 'tenant/acme unchanged\n', ['getTenant', route]]);
    assert.ok(stderr.endsWith(`Type the name of the tenant to ${verb} it: `), stderr);
  });

  test(`${verb} is sent for the shown or given revision, or for any revision if nothing is shown`, async () => {
    const ifMatchOf = async (argv: readonly string[], setting: CliSetting = {}) =>
      (await run([verb, 'acme', ...argv], setting)).ifMatch;
    assert.equal(await ifMatchOf([], { typed: 'acme\n' }), '"9"');
    assert.equal(await ifMatchOf(['--confirm=acme']), '"9"');
    assert.equal(await ifMatchOf(['--revision', '7'], { typed: 'acme\n' }), '"7"');
    assert.equal(await ifMatchOf(['--dry-run=server']), '*');
  });

  test(`${verb} is not sent if something else or nothing is typed`, async () => {
    for (const typed of ['globex\n', 'yes\n', '\n', '', 'ACME\n']) {
      const { code, stdout, stderr, calls } = await run([verb, 'acme'], {
        typed,
        environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token', NO_COLOR: '1' },
      });
      assert.deepEqual([code, stdout, calls], [exitCodes.usage, '', ['getTenant']], JSON.stringify(typed));
      assert.match(stderr, /error: the typed name is not "acme"; nothing was done\nfix: /);
    }
  });

  test(`${verb} needs --confirm if it cannot ask, and a wrong one is refused before any request`, async () => {
    for (const setting of [{}, { stdin: 'acme\n' }, { stdin: 'acme\n', terminalColumns: 80 }]) {
      const { code, calls } = await run([verb, 'acme'], setting);
      assert.deepEqual([code, calls], [exitCodes.usage, []]);
    }
    for (const setting of [{}, { typed: 'acme\n' }]) {
      const { code, calls } = await run([verb, 'acme', '--confirm=acm'], setting);
      assert.deepEqual([code, calls], [exitCodes.usage, []]);
    }
  });

  test(`${verb} with --confirm asks nothing, but still says what it does`, async () => {
    const { code, stderr, calls } = await run([verb, 'tenant/acme', '--confirm', 'acme'], { typed: 'globex\n' });
    assert.deepEqual([code, calls], [exitCodes.ok, ['getTenant', route]]);
    assert.match(stderr, new RegExp(`^This (deletes|destroys) tenant/acme \\(${uid}\\)`));
    assert.doesNotMatch(stderr, /Type the name/);
  });
}

test('Ctrl-C at the question ends the command, and nothing is sent', async () => {
  const { code, stdout, calls } = await run(['delete', 'acme'], { typed: 'acme\n', interrupted: AbortSignal.abort() });
  assert.deepEqual([code, stdout, calls.includes('deleteTenant')], [exitCodes.interrupted, '', false]);
});

test('delete says how to undo it, with a command that reaches the same API', async () => {
  const { stderr } = await run(['--server', 'http://prod:1', 'delete', 'acme', '--confirm=acme'], {
    environment: { TENURE_CALLED_AS: './tenure', TENURE_TOKEN: 'token' },
  });
  assert.match(stderr, /until then `\.\/tenure --server http:\/\/prod:1 undelete acme` restores it\.\n$/);
});

test('purge says what it destroys, and what --early gives up', async () => {
  const due = await run(['purge', 'acme', '--confirm=acme']);
  assert.equal(
    due.stderr,
    `This destroys tenant/acme (${uid}) permanently:\n` +
      `  Data:    the whole database tenant_${uid} in eu-west-1, cell eu-west-1-a\n` +
      '  Access:  its user and roles on the cell\n' +
      '  Keys:    its data key and its credential\n' +
      `  Time:    it can be restored until ${purgeTime}; before that, only --early purges it\n` +
      'A tombstone remains, and the name becomes available again.\n',
  );
  const early = await run(['purge', 'acme', '--early', '--confirm=acme']);
  assert.match(early.stderr, new RegExp(`until ${purgeTime}; --early purges it before that\n`));
});
