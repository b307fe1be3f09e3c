import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import type { ApiClient } from '../../../client/api-client.ts';
import { optionsOf } from '../../../cli/completion/complete.ts';
import { pathOf } from '../../../cli/completion/value-sources.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { everyCommand, inertProgram } from './every-command.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';

const commands = everyCommand(inertProgram()).slice(1);

test('every command is found', () => assert.ok(commands.length > 35));

for (const command of commands) {
  const path = pathOf(command);
  test(`tenure ${path} --help has a summary and examples, and needs no connection`, async () => {
    const { code, stdout, stderr } = await runInMemory([...path.split(' '), '--help']);
    assert.deepEqual([code, stderr], [exitCodes.ok, '']);
    assert.match(stdout, new RegExp(`\nExamples:\n  (source <\\()?tenure ${path}\\b`));
    assert.match(stdout, /--server <url>/);
    assert.notEqual(command.summary(), '');
    for (const option of command.options) assert.notEqual(option.description, '', option.flags);
  });
}

const misuses: readonly (readonly [argv: string, says: RegExp])[] = [
  ['', /^Usage: tenure/],
  ['aply', /^error: unknown command 'aply'\n\(Did you mean apply\?\)\nusage: tenure /],
  [
    'apply',
    /^error: required option '-f, --file <path\.\.\.>' not specified\nusage: tenure apply \[options\]\nfix: see tenure apply --help/,
  ],
  ['get tenants --outptu json', /^error: unknown option '--outptu'\n\(Did you mean --output\?\)/],
  ['get tenants -o xml', /Allowed choices are table, json, yaml, name\./],
  ['get tenants --limit 0', /Write a whole number greater than zero\./],
  ['get tennants', /^error: "tennants" is not a kind of resource\nfix: did you mean "tenants"\?/],
  ['get tenant/', /^error: "tenant\/" contains no valid name\nfix: write tenant\/NAME/],
  ['get tenant/a plan/b', /^error: "plan\/b" is not a tenant\nfix: use one kind per command/],
  ['describe tenants', /^error: exactly one tenant is required\nfix: write tenant\/NAME/],
  ['get plans -l env=prod', /^error: plans do not have this filter\nfix: remove the filter/],
  ['get tenants --name acme', /^error: tenants do not have this filter/],
  ['get tombstones --plan startup', /^error: tombstones do not have this filter/],
  ['get tombstone x --name acme', /^error: filters and names cannot be combined/],
  ['get tenant acme --plan startup', /^error: filters and names cannot be combined/],
  ['get templates --template startup', /^error: templates do not have this filter/],
  ['get roll-outs --plan startup', /^error: roll-outs do not have this filter/],
  ['get tenants --at 3', /^error: --at needs exactly one tenant\nfix: write: get tenant NAME --at GENERATION/],
  ['get tenant a b --at 3', /^error: --at needs exactly one tenant/],
  ['get plan/p --at 3', /^error: --at needs exactly one tenant/],
  ['history plan/p', /^error: this command takes a tenant, not a plan\nfix: write tenant\/NAME/],
  ['history tenant/a -o name', /Allowed choices are table, json, yaml\./],
  ['diff tenants', /^error: exactly one tenant is required/],
  ['rollback tenant/a', /^error: required option '--to <generation>' not specified/],
  ['rollback tenant/a --to 0', /Write a whole number greater than zero\./],
  ['wait region/r', /^error: cannot wait for a region\nfix: wait for a tenant, an operation or a roll-out/],
  ['wait tombstone/t', /^error: cannot wait for a tombstone/],
  ['wait operation/x --for=Ready', /^error: --for applies only to tenants/],
  ['wait roll-out/x --for=Ready', /^error: --for applies only to tenants/],
  ['wait tenant/a --for=Redy', /^error: --for=Redy is not a valid condition\nfix: write --for=Ready/],
  ['wait tenant/a --for=lifecycle=active', /^error: "active" is not a lifecycle state\nfix: did you mean "Active"\?/],
  [
    'wait tenant/a --for=condition=Placed=Yes',
    /^error: "Yes" is not a condition status\nfix: use one of True, False, Unknown/,
  ],
  ['wait tenant/a --timeout 90', /Write a duration of at most 24h, such as 500ms, 90s, 2m or 1h\./],
  ['wait tenant/a --timeout 25h', /Write a duration of at most 24h/],
  [
    'operations --state done',
    /Allowed choices are pending, accepted, running, compensating, succeeded, failed, cancelled\./,
  ],
  [
    'operations cancel',
    /^error: missing required argument 'id'\nusage: tenure operations cancel \[options\] <id>\nfix: see tenure operations cancel --help/,
  ],
  ['operations cancel tenant/a', /^error: "tenant\/a" is not an operation/],
  ['operations cancel x --state failed', /^error: --state applies only to the list of operations/],
  ['operations cancle x', /^error: too many arguments for 'operations'/],
  ['suspend', /^error: missing required argument 'name'\nusage: tenure suspend \[options\] <name\.\.\.>/],
  ['suspend plan/p', /^error: "plan\/p" is not a tenant/],
  ['suspend a --revision 0', /Write a whole number greater than zero\./],
  ['suspend a b --revision 7', /^error: --revision applies to one tenant\nfix: give one tenant, or remove --revision/],
  ['suspend a -o xml', /Allowed choices are table, json, yaml, name\./],
  ['delete a b c', /^error: too many arguments for 'delete'/],
  ['delete a b', /^error: "a" is not a kind of resource/],
  ['delete operation/x', /^error: an operation cannot be deleted\nfix: give the name of a tenant, or write plan\/NAME/],
  ['delete plan/a --preempt', /^error: --preempt applies only to a tenant/],
  ['delete a', /^error: delete of tenant\/a is not confirmed; nothing was done\nfix: run it again with --confirm=a/],
  [
    'purge a --early --confirm=b',
    /^error: --confirm=b does not name tenant\/a; nothing was done\nfix: use --confirm=a if this is the tenant you mean/,
  ],
  ['change-plan a', /^error: no plan is given\nfix: write: change-plan a PLAN, or --cancel/],
  ['change-plan a p --at tomorrow', /Write a time with a time zone, such as 2027-01-01T00:00:00Z\./],
  ['change-plan a p --at 2031-02-30T00:00:00Z', /Write a time with a time zone/],
  ['change-plan a p --at 2031-02-01T00:00:00', /Write a time with a time zone/],
  ['change-plan a p --at 2020-01-01T00:00:00Z', /This time is in the past\. Omit --at to change the plan now\./],
  [
    'change-plan a p --at 2031-01-01T00:00:00Z --wait',
    /^error: option '--at <time>' cannot be used with option '--wait'/,
  ],
  ['change-plan a p --preview --preempt', /^error: option '--preview' cannot be used with option '--preempt'/],
  ['change-plan a p --cancel', /^error: --cancel takes no plan\nfix: remove one of the two/],
  ['change-plan a p --preview -o name', /^error: a preview has no name to print\nfix: use -o table, json or yaml/],
  ['hold a', /^error: required option '--reason <text>' not specified/],
  ['explain region r', /^error: explain region takes no name/],
  ['explain placement a -o name', /Allowed choices are table, json, yaml\./],
  ['roll-out', /^Usage: tenure roll-out/],
  ['roll-out begin startup', /^error: unknown command 'begin'/],
  ['roll-out preview tenant/a', /^error: "tenant\/a" is not a template/],
  ['roll-out preview startup -o name', /Allowed choices are table, json, yaml\./],
  [
    'roll-out start',
    /^error: missing required argument 'template'\nusage: tenure roll-out start \[options\] <template>\nfix: see tenure roll-out start --help/,
  ],
  ['roll-out start startup --version 0', /Write a whole number greater than zero\./],
  ['roll-out start startup --wave 0', /Write a number of tenants greater than zero, or a percentage such as 10%\./],
  [
    'roll-out start startup --wave 1 --wave 101%',
    /Write a number of tenants greater than zero, or a percentage such as 10%\./,
  ],
  ['roll-out start startup --max-failures -1', /Write a whole number greater than zero\./],
  ['roll-out status template/x', /^error: "template\/x" is not a roll-out\nfix: use one kind per command/],
  ['roll-out pause x --wait', /^error: unknown option '--wait'/],
  [
    'get tenant ACME',
    /^error: "ACME" cannot be the name of a tenant\nfix: did you mean "acme"\? a name has at most 63/,
  ],
  [
    'suspend acme plan_b',
    /^error: "plan_b" cannot be the name of a tenant\nfix: a name has at most 63 lower-case letters/,
  ],
  ['verify isolation Acme b', /^error: "Acme" cannot be the name of a tenant/],
  ['roll-out start Startup', /^error: "Startup" cannot be the name of a template/],
  ['get tenants -o=xml', /argument 'xml' is invalid\. Allowed choices are table, json, yaml, name\./],
  ['get tenants -wo=xml', /argument 'xml' is invalid/],
  ['get tenants -oxml', /argument 'xml' is invalid/],
  ['get tenants --limit=0', /Write a whole number greater than zero\./],
  ['apply -f=no.yaml', /^error: no\.yaml does not exist/],
  ['apply --filename no.yaml', /^error: no\.yaml does not exist/],
  ['apply --filename=no.yaml', /^error: no\.yaml does not exist/],
  ['apply -f no.yaml --wait=maybe', /^error: --wait takes true or false, not "maybe"\nfix: write --wait, or remove it/],
  ['get tenants -n acme', /^error: unknown option -n: Tenure has no namespaces\nfix: remove it/],
  ['get tenants --namespace=acme', /^error: unknown option --namespace/],
  ['get tenants -A', /^error: unknown option -A/],
  ['suspend acme -x=1', /^error: unknown option '-x=1'/],
];

for (const [argv, says] of misuses) {
  test(`"tenure ${argv}" is refused on stderr with a hint`, async () => {
    const { code, stdout, stderr } = await runInMemory(argv.split(' ').filter((argument) => argument !== ''));
    assert.match(stderr, says);
    assert.deepEqual([code, stdout], [exitCodes.usage, '']);
  });
}

/** Runs with an API that has no resources. Returns the output and the query that was sent. */
async function listed(
  ...argv: readonly string[]
): Promise<{ readonly query: unknown; readonly stdout: string; readonly stderr: string }> {
  let query: unknown;
  const createClient = () =>
    ({
      server: '',
      call(_route: string, call: { readonly query: unknown }) {
        ({ query } = call);
        return Promise.resolve({ status: 200, body: { items: [] } });
      },
    }) as unknown as ApiClient;
  const { stdout, stderr } = await runInMemory(argv, {
    environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 't' },
    createClient,
  });
  return { query, stdout, stderr };
}

test('options are accepted in the same forms as by kubectl', async () => {
  const json = '{\n  "items": []\n}\n';
  for (const argv of [
    ['-o=json'],
    ['-ojson'],
    ['-o', 'json'],
    ['--output=json'],
    ['--output', 'json'],
    ['--watch=false', '-o=json'],
    ['-w=0', '-ojson'],
  ])
    assert.deepEqual(
      await listed('get', 'Tenants', ...argv),
      { query: { pageSize: 500 }, stdout: json, stderr: '' },
      argv.join(' '),
    );
  for (const argv of [['-l=a=b'], ['-la=b'], ['-l', 'a=b'], ['--selector=a=b'], ['--selector', 'a=b']])
    assert.deepEqual(
      (await listed('get', 'tenants', ...argv)).query,
      { labelSelector: 'a=b', pageSize: 500 },
      argv.join(' '),
    );
  assert.deepEqual(
    (await listed('get', 'tenants', '--show-deleted=true', '--prefix', '-o=json')).query,
    { namePrefix: '-o=json', showDeleted: 'true', pageSize: 500 },
    'the value of an option stays a value',
  );
  assert.match(
    (await listed('get', '--', 'tenants', '-o=json')).stderr,
    /"-o=json" cannot be the name of a tenant/,
    'nothing after -- is an option',
  );
});

/** A word for each argument. */
const filled = (command: Command): string[] =>
  command.registeredArguments.map(
    (argument) =>
      argument.argChoices?.[0] ?? (argument.name().startsWith('kind') || argument.name() === 'what' ? 'tenant' : 'x'),
  );

for (const command of commands.filter((each) => each.commands.length === 0 || each.name() === 'operations')) {
  const path = pathOf(command);
  test(`tenure ${path} refuses empty values before it does anything`, async () => {
    const words = [...path.split(' '), ...filled(command)];
    const required = command.options.flatMap((option) => (option.mandatory ? [option.long ?? '', '1'] : []));
    const refused = async (argv: readonly string[]): Promise<void> => {
      const { code, stdout, stderr } = await runInMemory(argv, {
        createClient: () => assert.fail('no request is expected'),
      });
      assert.deepEqual([code, stdout], [exitCodes.usage, ''], argv.join(' '));
      assert.match(stderr, /^error: .*( is empty\nfix: give it a value| is invalid)/, argv.join(' '));
    };
    for (const option of optionsOf(command).filter((each) => each.required))
      await refused([
        ...words,
        ...required.filter((_, index, all) => all[index - (index % 2)] !== option.long),
        `${option.long}=`,
      ]);
    for (const [index] of command.registeredArguments.entries())
      await refused([
        ...path.split(' '),
        ...filled(command).with(index, command.registeredArguments[index]?.argChoices === undefined ? '' : ' '),
        ...required,
      ]);
  });
}

test('colour is used only on terminals, and NO_COLOR turns it off', async () => {
  const plain = await runInMemory(['get', 'x']);
  const terminal = await runInMemory(['get', 'x'], { terminalColumns: 80 });
  const noColor = await runInMemory(['get', 'x'], { terminalColumns: 80, environment: { NO_COLOR: '1' } });
  assert.ok(terminal.stderr.startsWith('\u001b[31merror:\u001b[39m "x"'), terminal.stderr);
  assert.deepEqual(
    [plain.stderr, noColor.stderr].map((text) => text.includes('\u001b')),
    [false, false],
  );
});
