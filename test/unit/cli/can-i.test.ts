import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkableActions } from '../../../cli/resources/access-actions.ts';
import type { ApiClient } from '../../../client/api-client.ts';
import { policyActions } from '../../../contracts/policy.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun } from '../../harness/in-memory-cli.ts';

const denial = {
  rule: 'authz.role',
  message: 'No role of the caller allows it.',
  fix: 'Ask for one.',
  allowed: ['admin'],
};

/** Runs with an API that allows only actions that end in `get` or `list`. */
async function run(...argv: readonly string[]): Promise<CliRun & { readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const client = {
    server: '',
    call(
      _route: string,
      { query: { action, name } }: { readonly query: { readonly action: string; readonly name?: string } },
    ) {
      asked.push(name === undefined ? action : `${action} ${name}`);
      const allowed = /\.(get|list)$/.test(action);
      return Promise.resolve({
        status: 200,
        etag: undefined,
        body: { action, allowed, rules: ['authz.role'], denials: allowed ? [] : [denial] },
      });
    },
  };
  return {
    ...(await runInMemory(argv, {
      environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' },
      createClient: () => client as unknown as ApiClient,
    })),
    asked,
  };
}

test('yes exits with 0, no with 5 and the reason', async () => {
  const { asked: _, ...yes } = await run('can-i', 'get', 'tenant/acme');
  assert.deepEqual(yes, { code: exitCodes.ok, stdout: 'yes\n', stderr: '' });
  const { asked, ...no } = await run('can-i', 'suspend', 'tenant/acme');
  assert.deepEqual(no, {
    code: exitCodes.denied,
    stdout: 'no\n',
    stderr: 'authz.role: No role of the caller allows it.\n  allowed: admin\n  fix: Ask for one.\n',
  });
  assert.deepEqual(asked, ['tenant.suspend acme']);
  const json = await run('can-i', 'suspend', 'tenant', '-o', 'json');
  assert.deepEqual(
    [json.code, json.stderr, JSON.parse(json.stdout)],
    [exitCodes.denied, '', { action: 'tenant.suspend', allowed: false, rules: ['authz.role'], denials: [denial] }],
  );
});

const questions: readonly (readonly [argv: string, asked: string])[] = [
  ['list plans', 'plan.list'],
  ['apply plan/startup', 'plan.apply startup'],
  ['apply tenant/acme', 'tenant.update acme'],
  ['change-plan tenant/acme', 'tenant.change_plan acme'],
  ['release_hold tenant/acme', 'tenant.release_hold acme'],
  ['roll-out template/startup', 'template.roll_out startup'],
  ['pause roll-out', 'template.roll_out'],
  ['get roll-outs', 'rollout.get'],
  ['cancel operation/01m7yzcrqvvjzzgg30pekssm21', 'operation.cancel 01m7yzcrqvvjzzgg30pekssm21'],
  ['abandon operation/01m7yzcrqvvjzzgg30pekssm21', 'operation.abandon 01m7yzcrqvvjzzgg30pekssm21'],
  ['list tombstones', 'tenant.list'],
];
for (const [argv, expected] of questions) {
  test(`can-i ${argv} asks about ${expected}`, async () =>
    assert.deepEqual((await run('can-i', ...argv.split(' '))).asked, [expected]));
}

test('--list asks about every action, or about those on one resource', async () => {
  const all = await run('can-i', '--list');
  assert.equal(all.code, exitCodes.ok);
  assert.deepEqual(all.asked.toSorted(), policyActions.filter((action) => action !== 'access.check').toSorted());
  assert.match(
    all.stdout,
    /^KIND +VERB +ALLOWED +WHY-NOT\ntenant +create +no +No role of the caller allows it\.\ntenant +get +yes +-$/m,
  );
  const one = await run('can-i', '--list', 'operation/x', '-o', 'json');
  assert.deepEqual(
    (JSON.parse(one.stdout) as { items: { verb: string; allowed: boolean }[] }).items.map(
      ({ verb, allowed }) => `${verb} ${allowed}`,
    ),
    ['get true', 'list true', 'cancel false', 'abandon false'],
  );
  assert.equal(checkableActions.length, policyActions.length - 1);
});

const misuses: readonly (readonly [argv: string, says: RegExp])[] = [
  ['can-i', /^error: no verb or no kind is given\nfix: write: can-i VERB KIND/],
  ['can-i suspend', /^error: no verb or no kind is given/],
  ['can-i suspnd tenant/a', /^error: unknown verb "suspnd" for a tenant\nfix: did you mean "suspend"\?/],
  ['can-i eat plans', /^error: unknown verb "eat" for a plan\nfix: use one of get, list, apply, delete, describe/],
  ['can-i get tennants', /did you mean "tenants"\?/],
  ['can-i --list get tenant/a', /^error: "get" is not a kind of resource|^error: --list takes no verb/],
  ['can-i --list tombstones', /^error: policy has no separate rules for a tombstone/],
];
for (const [argv, says] of misuses) {
  test(`"${argv}" is refused with a fix`, async () => {
    const { code, stderr, asked } = await run(...argv.split(' '));
    assert.match(stderr, says);
    assert.deepEqual([code, asked], [exitCodes.usage, []]);
  });
}
