import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseDocument } from 'yaml';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { RouteAnswer } from '../../../contracts/routes.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import { borrowInstallationCli } from './installation-cli.ts';
import type { InstallationCli } from './installation-cli.ts';

let cli: InstallationCli;
before(async () => {
  cli = await borrowInstallationCli();
  await declareBasics(cli.installation.client());
  const plan = (name: string, tables: number, amount: string) => ({
    apiVersion,
    kind: 'Plan',
    metadata: { name },
    spec: { isolationModes: ['dedicated'], quotas: { tables }, price: { amount, currency: 'EUR' } },
  });
  cli.write(
    'all.yaml',
    plan('small', 50, '49.00'),
    plan('large', 500, '490.00'),
    plan('tiny', 1, '1.00'),
    tenantManifest('acme', { plan: 'small', lifecycle: 'Active' }),
  );
  await done('apply', '-f', 'all.yaml', '--wait');
});
after(() => cli.stop());

const done: InstallationCli['done'] = (...argv) => cli.done(...argv);

async function acme(): Promise<Tenant> {
  return JSON.parse(await done('get', 'tenant', 'acme', '-o', 'json')) as Tenant;
}

test('a preview shows a change of plan and the decision of policy, and changes nothing', async () => {
  const before = await acme();
  assert.equal(
    await done('change-plan', 'acme', 'large', '--preview'),
    '       PLAN    TABLES     PRICE PER MONTH\n' +
      'now    small   6 of 50    49.00 EUR\n' +
      'then   large   6 of 500   490.00 EUR\n' +
      '\n' +
      'Difference:  441.00 EUR per month\n' +
      'Policy:      allows it\n',
  );
  const refused = await done('change-plan', 'acme', 'tiny', '--preview');
  assert.match(
    refused,
    /^then +tiny +6 of 1 +1\.00 EUR\n\nDifference: {2}-48\.00 EUR per month\nPolicy: {6}denies it\nRule: {8}quota\.tables: .*\nFix: {9}\S/m,
  );
  const unknown = await done('change-plan', 'acme', 'none', '--preview');
  assert.match(unknown, /^then +none +no such plan +not known\n\nDifference: {2}not known\n/m);
  const preview = JSON.parse(
    await done('change-plan', 'acme', 'large', '--preview', '-o', 'json'),
  ) as RouteAnswer<'previewPlanOfTenant'>;
  assert.deepEqual(
    parseDocument(await done('change-plan', 'acme', 'large', '--preview', '-o', 'yaml')).toJS(),
    preview,
  );
  assert.deepEqual(await acme(), before);
});

test('a plan is changed at once, unless policy denies it', async () => {
  assert.match(
    await done('change-plan', 'acme', 'large', '--wait'),
    /^tenant\/acme operation\/\S+ \(change_plan\) (accepted|running)\ntenant\/acme operation\/\S+ \(change_plan\) succeeded\n$/,
  );
  assert.match(
    await done('describe', 'tenant', 'acme'),
    /^Plan: +large\nPlan in effect: +large, generation 1, since \S+Z$/m,
  );
  assert.equal(await done('change-plan', 'acme', 'large', '--wait'), 'tenant/acme unchanged\n');
  const refused = await cli.run(['change-plan', 'acme', 'tiny']);
  assert.deepEqual([refused.code, refused.stdout], [exitCodes.denied, '']);
  await done('change-plan', 'acme', 'small', '--wait');
});

test('a change of plan is scheduled, shown and cancelled', async () => {
  const told = await done('change-plan', 'acme', 'large', '--at', '2031-01-01T01:00:00+01:00');
  assert.equal(told, 'tenant/acme changes to plan large at 2031-01-01T00:00:00.000Z\n');
  assert.deepEqual((await acme()).status.scheduledPlan, { name: 'large', time: '2031-01-01T00:00:00.000Z' });
  assert.match(await done('get', 'tenant', 'acme'), /^acme +small +- +Active .* plan large 2031-01-01 +-$/m);
  assert.match(await done('describe', 'tenant', 'acme'), /^Scheduled plan: +large, from 2031-01-01T00:00:00\.000Z$/m);
  assert.equal(await done('change-plan', 'acme', '--cancel'), 'tenant/acme keeps plan small\n');
  assert.equal((await acme()).status.scheduledPlan, undefined);
  assert.equal(await done('change-plan', 'acme', '--cancel'), 'tenant/acme keeps plan small\n');
  const json = JSON.parse(await done('change-plan', 'acme', '--cancel', '-o', 'json')) as Tenant;
  assert.equal(json.spec.plan, 'small');
});

test('a legal hold is set, shown, blocks a deletion, and is released', async () => {
  cli.write('held.yaml', tenantManifest('held'));
  await done('apply', '-f', 'held.yaml');
  assert.equal(await done('hold', 'held', '--reason', 'case 4711'), 'tenant/held is on hold: case 4711\n');
  assert.match(await done('describe', 'tenant', 'held'), /^Legal hold: +case 4711$/m);
  assert.match(await done('get', 'tenant', 'held'), /^held +startup +- +Draft .* held +-$/m);
  const refused = await cli.run(['delete', 'held', '--confirm=held']);
  assert.deepEqual([refused.code, refused.stdout], [exitCodes.denied, '']);
  assert.match(
    refused.stderr,
    /The tenant is held: case 4711\n {2}fix: Release the hold with the verb release-hold first\./,
  );
  assert.equal(await done('apply', '-f', 'held.yaml'), 'tenant/held unchanged\n');
  const stale = await cli.run(['release-hold', 'held', '--revision', '1']);
  assert.equal(stale.code, exitCodes.conflict);
  assert.equal(await done('release-hold', 'held'), 'tenant/held is not on hold\n');
  assert.doesNotMatch(await done('describe', 'tenant', 'held'), /Legal hold/);
  await done('delete', 'held', '--confirm=held', '--wait');
});

test('the placement of a tenant is explained, rule by rule', async () => {
  cli.write('choosy.yaml', tenantManifest('choosy', { residency: { jurisdictions: ['EU'] } }));
  await done('apply', '-f', 'choosy.yaml');
  assert.match(
    await done('explain', 'placement', 'choosy'),
    /^Placed: +nowhere yet\nIf placed now: +dedicated in eu-west-1, cell eu-west-1-a\nNeeds: +6 tables .*\n\nCandidates:\n {2}REGION +CELL +VERDICT +RULE +WHY\n {2}eu-west-1 +eu-west-1-a +chosen +- +-\n {2}us-east-1 +- +removed +residency\.jurisdictions +its jurisdiction US .*\n$/,
  );
  assert.match(
    await done('explain', 'placement', 'tenant/acme'),
    /^Placed: +dedicated in \S+, cell \S+, database tenant_\S+\n/,
  );
  const explanation = JSON.parse(
    await done('explain', 'placement', 'choosy', '-o', 'json'),
  ) as RouteAnswer<'explainPlacementOfTenant'>;
  assert.deepEqual([explanation.chosen?.region, explanation.tables], ['eu-west-1', 6]);
  assert.deepEqual(parseDocument(await done('explain', 'placement', 'choosy', '-o', 'yaml')).toJS(), explanation);
  assert.equal((await cli.run(['explain', 'placement', 'nobody'])).code, exitCodes.notFound);
});
