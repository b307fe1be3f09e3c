import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import type { ApiClient } from '../../../client/api-client.ts';
import { ApiError } from '../../../client/api-error.ts';
import { problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun } from '../../harness/in-memory-cli.ts';

let folder: string;
describe('dry run', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-dry-run-'));
    writeFileSync(
      join(folder, 'all.yaml'),
      [
        'Plan small isolationModes: [dedicated], quotas: {tables: 9}',
        'Tenant acme plan: small, services: [{name: shop, collections: [{name: orders}]}]',
        'Tenant globex plan: small, services: [{name: shop, collections: [{name: orders}]}]',
      ]
        .map((line) => {
          const [kind, name, ...spec] = line.split(' ');
          return `apiVersion: tenure/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${spec.join(' ')}}\n`;
        })
        .join('---\n'),
    );
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function problem(code: ProblemCode): ApiError {
    const { status, title, fix, retryable } = problems[code];
    return new ApiError({ type: '', code, title, status, detail: 'so it is', fix, requestId: 'r', retryable });
  }

  /** Runs with an API that has tenant/acme at revision 4 and nothing else; `refuse` names what it refuses. */
  async function run(
    argv: readonly string[],
    refuse?: { readonly name: string; readonly code: ProblemCode },
  ): Promise<CliRun & { readonly sent: readonly string[] }> {
    const sent: string[] = [];
    const client = {
      server: '',
      async call(
        route: string,
        {
          params = {},
          query = {},
          body,
        }: {
          readonly params?: { readonly name?: string };
          readonly query?: object;
          readonly body?: { readonly kind: string; readonly metadata: object };
        } = {},
      ) {
        await Promise.resolve();
        sent.push(`${route} ${params.name} ${JSON.stringify(query)}`);
        if (route.startsWith('get')) {
          if (params.name !== 'acme') throw problem('not_found');
          return { status: 200, etag: '"4"', body: { metadata: { revision: 4 } } };
        }
        if (params.name === refuse?.name) throw problem(refuse?.code ?? 'internal');
        const resource = { ...body, metadata: { ...body?.metadata, revision: 5 } };
        return { status: 200, etag: undefined, body: route === 'putTenant' ? { tenant: resource } : resource };
      },
    };
    const result = await runInMemory(argv, {
      workingDirectory: folder,
      environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' },
      createClient: () => client as unknown as ApiClient,
    });
    return { ...result, sent };
  }

  test('a client dry run checks and prints what would be sent, and needs no API', async () => {
    const argv = ['apply', '-f', 'all.yaml', '--dry-run=client'];
    const nowhere = await runInMemory(argv, { workingDirectory: folder });
    assert.deepEqual(nowhere, {
      code: exitCodes.ok,
      stdout:
        'plan/small valid (client dry run)\ntenant/acme valid (client dry run)\ntenant/globex valid (client dry run)\n',
      stderr: '',
    });
    const { sent, stdout } = await run([...argv, '-o', 'yaml']);
    assert.deepEqual(sent, []);
    assert.deepEqual(
      parseAllDocuments(stdout).map((document) => (document.toJS() as { kind: string }).kind),
      ['Plan', 'Tenant', 'Tenant'],
    );
    assert.equal((await run([...argv, '-o', 'name'])).stdout, 'plan/small\ntenant/acme\ntenant/globex\n');
  });

  test('a client dry run refuses what apply refuses', async () => {
    const { code, stderr } = await runInMemory(['apply', '-f', '-', '--dry-run', 'client'], {
      stdin: 'kind: Tenant\n',
    });
    assert.equal(code, exitCodes.usage);
    assert.match(stderr, /^stdin:1:1: missing field "apiVersion"/m);
  });

  test('in a server dry run the API rehearses each manifest and changes nothing', async () => {
    const told = await run(['apply', '-f', 'all.yaml', '--dry-run=server', '--force-conflicts']);
    assert.deepEqual(
      [told.code, told.stdout, told.stderr],
      [
        exitCodes.ok,
        'plan/small created (server dry run)\ntenant/acme configured (server dry run)\ntenant/globex created (server dry run)\n',
        '',
      ],
    );
    const puts = told.sent.filter((request) => request.startsWith('put'));
    assert.deepEqual(puts, [
      'putPlan small {"dryRun":"true"}',
      'putTenant acme {"dryRun":"true","force":"true"}',
      'putTenant globex {"dryRun":"true","force":"true"}',
    ]);
    const json = await run(['apply', '-f', 'all.yaml', '--dry-run=server', '-o', 'json']);
    assert.deepEqual(
      (JSON.parse(json.stdout) as { items: { metadata: { name: string; revision: number } }[] }).items.map(
        ({ metadata }) => `${metadata.name}@${metadata.revision}`,
      ),
      ['small@5', 'acme@5', 'globex@5'],
    );
    assert.match(json.stderr, /^tenant\/acme configured \(server dry run\)$/m);
  });

  test('in a server dry run a refusal does not affect the other manifests', async () => {
    const { code, stdout, stderr } = await run(['apply', '-f', 'all.yaml', '--dry-run=server'], {
      name: 'acme',
      code: 'policy_refused',
    });
    assert.equal(code, exitCodes.denied);
    assert.equal(stdout, 'plan/small created (server dry run)\ntenant/globex created (server dry run)\n');
    assert.match(
      stderr,
      /^note: each manifest was checked against the existing resources; these do not exist yet: plan\/small, tenant\/globex\nerror: Policy denies [^\n]+\nresource: tenant\/acme \(all\.yaml:\d+:\d+\)\n/,
    );
  });
});
