import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MongoClient } from 'mongodb';
import { parse } from 'yaml';
import { isolationReportSchema } from '../../../contracts/isolation-report.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { activeTenant } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { borrowInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

let cli: InstallationCli;
let cell: MongoClient;
let database: string;
before(async () => {
  // A scan would repair what the tests break.
  cli = await borrowInstallationCli();
  cell = new MongoClient(attachToStack().mongod['eu-west-1'].adminUri);
  const api = cli.installation.client();
  await declareBasics(api);
  const placement = { preferredRegion: 'eu-west-1' };
  await activeTenant(api, 'globex', { placement });
  database = (await activeTenant(api, 'acme', { placement })).status.placement?.database ?? '';
});
after(async () => {
  await cell.close();
  await cli.stop();
});

test('a boundary that holds: counts for each direction, and exit code 0', async () => {
  const { code, stdout, stderr } = await cli.run(['verify', 'isolation', 'acme', 'tenant/globex']);
  assert.equal(code, exitCodes.ok, stderr);
  assert.match(
    stdout,
    /^acme -> globex: \d+ probes on cell eu-west-1-a, mongod \d+\.\d+\.\d+ \(\d+ commands, \d+ stages\)\n {2}PROBES +REFUSED +HARMLESS +NOT-APPLICABLE +BREACH\n {2}command +\d+ +\d+ +\d+ +0\n/,
  );
  assert.match(stdout, /\nglobex -> acme: /);
  assert.match(stdout, /\nThe boundary held, \S+Z\.\n$/);
  assert.equal(stderr, 'verifying the isolation of tenant/acme and tenant/globex\n');
});

test('a boundary that does not hold: every breach in full, another exit code, and the report as data', async () => {
  const user = (await cli.installation.store.resources.find('Tenant', 'acme'))?.databaseUser;
  await cell.db(database).command({ grantRolesToUser: user, roles: [{ role: 'clusterMonitor', db: 'admin' }] });
  const { code, stdout, stderr } = await cli.run(['verify', 'isolation', 'globex', 'acme', '-o', 'yaml']);
  assert.equal(code, exitCodes.operationFailed);
  const report = isolationReportSchema.parse(parse(stdout));
  const [none = [], some = []] = report.directions.map(({ breaches }) => breaches);
  assert.deepEqual([none, report.verdict], [[], 'breached']);
  assert.match(
    stderr,
    new RegExp(
      `error: the boundary between tenant/globex and tenant/acme did not hold: ${some.length} probes got through\nfix: `,
    ),
  );

  const again = await cli.run(['verify', 'isolation', 'acme', 'globex']);
  assert.equal(again.code, exitCodes.operationFailed);
  const lines = again.stdout.split('\n');
  assert.ok(
    lines.some((line) => /^ {2}BREACH crafted see what others do: mongod allowed it/.test(line)),
    again.stdout,
  );
  assert.ok(lines.includes('    on admin: {"currentOp":1,"$all":true}'));
  assert.equal(lines.filter((line) => line.startsWith('  BREACH ')).length, some.length);
});

test('a verification that is not possible ends with the exit code for the reason', async () => {
  assert.equal((await cli.run(['verify', 'isolation', 'acme', 'never-was'])).code, exitCodes.notFound);
  assert.equal((await cli.run(['verify', 'isolation', 'acme', 'acme'])).code, exitCodes.usage);
  assert.equal((await cli.run(['verify', 'residency', 'acme', 'globex'])).code, exitCodes.usage);
});

test('a verification without a verdict prints no report and never exits as a breach does', async () => {
  const user = (await cli.installation.store.resources.find('Tenant', 'acme'))?.databaseUser;
  await cell.db(database).command({ updateUser: user, roles: [] });
  const { code, stdout, stderr } = await cli.run(['verify', 'isolation', 'acme', 'globex', '-o', 'json']);
  assert.deepEqual([code, stdout], [exitCodes.unavailable, ''], stderr);
  assert.match(stderr, /\(isolation_probe_failed\)\nfix: /);
});
