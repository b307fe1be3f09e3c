import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childrenOf, findField } from '../../../cli/resources/field-schemas.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';

/** The paths of all fields of a kind. */
function fieldsOf(path: string): string[] {
  return Object.keys(childrenOf(findField(path).schema)).flatMap((name) => [
    `${path}.${name}`,
    ...fieldsOf(`${path}.${name}`),
  ]);
}

for (const kind of ['tenant', 'template', 'plan', 'region']) {
  test(`every writable field of a ${kind} has a description`, () => {
    const written = fieldsOf(kind).filter((path) => !findField(path).outputOnly);
    assert.ok(written.length > 6);
    assert.deepEqual(
      written.filter((path) => findField(path).schema.description === undefined),
      [],
    );
  });
}

async function explained(path: string): Promise<string> {
  const { code, stdout, stderr } = await runInMemory(['explain', path]);
  assert.deepEqual([code, stderr], [exitCodes.ok, '']);
  return stdout;
}

test('the type, the values and the subfields of a field are explained without an API', async () => {
  assert.equal(
    await explained('tenant.spec.residency'),
    'Field:    tenant.spec.residency\nType:     mapping\nWritten:  optional\n\n  Where the data may be stored. Omitted fields set no restriction.\n\nFields:\n  allowedRegions  <list of strings>\n      Names of Regions.\n  jurisdictions  <list of strings>\n      Codes of jurisdictions, as in Regions, such as EU.\n',
  );
  assert.match(await explained('tenant.spec.placement.mode'), /^Allowed: +dedicated, schema, hybrid$/m);
  assert.match(await explained('tenant.spec'), /^ {2}plan {2}<string> -required-\n {6}Name of a Plan\.$/m);
  assert.match(
    await explained('region.spec.cells.tableBudget'),
    /^Type: +whole number\n(?:.*\n)*Default: +20000\nBounds: +1 to 1000000$/m,
  );
  assert.match(
    await explained('templates.spec.services.collections.indexes.keys.order'),
    /^Type: +number or string\nWritten: +optional\nAllowed: +1, -1, text, hashed, 2dsphere, 2d\nDefault: +1$/m,
  );
  assert.match(await explained('plan.spec.price'), /^ {2}amount {2}<string> -required-$/m);
});

test('a field that only Tenure writes is marked as such', async () => {
  for (const path of [
    'tenant.status.conditions',
    'tenant.metadata.uid',
    'operation.progress.done',
    'roll-out.counts',
    'tombstone.purgeTime',
  ])
    assert.match(await explained(path), /^Written: +by Tenure only; ignored in a manifest$/m, path);
  assert.match(await explained('tenant.status'), /^ {2}lifecycle {2}<string>\n {6}One of Draft, /m);
});

test('the explanation is also available as JSON', async () => {
  const { stdout } = await runInMemory(['explain', 'tenant.spec.lifecycle', '-o', 'json']);
  assert.deepEqual(JSON.parse(stdout), {
    path: 'tenant.spec.lifecycle',
    type: 'string',
    required: false,
    outputOnly: false,
    description: 'Desired lifecycle state. If omitted: unchanged, or Draft for a new tenant.',
    allowed: ['Draft', 'Active', 'Suspended', 'Archived'],
    fields: [],
  });
});

const unknown: readonly (readonly [argv: string, says: RegExp])[] = [
  ['tenant.spec.resdency', /^error: tenant\.spec has no field "resdency"\nfix: did you mean "residency"\?/],
  ['tenant.status.lifecyle', /^error: tenant\.status has no field "lifecyle"\nfix: did you mean "lifecycle"\?/],
  ['tenant.spec.zzz', /^error: tenant\.spec has no field "zzz"\nfix: use one of displayName, plan, /],
  [
    'tenant.spec.plan.x',
    /^error: tenant\.spec\.plan has no field "x"\nfix: it has no fields: tenure explain tenant\.spec\.plan/,
  ],
  ['tenant.__proto__', /^error: tenant has no field "__proto__"/],
  ['tennant.spec', /^error: "tennant" is not a kind of resource\nfix: did you mean "tenant"\?/],
  ['placement', /^error: no tenant is given for placement\nfix: write: explain placement NAME/],
  [
    'tenant.spec acme',
    /^error: explain tenant\.spec takes no name: .*\nfix: remove "acme", or run: describe tenant acme/,
  ],
];

for (const [argv, says] of unknown) {
  test(`explain ${argv} is refused with a hint`, async () => {
    const { code, stdout, stderr } = await runInMemory(['explain', ...argv.split(' ')]);
    assert.match(stderr, says);
    assert.deepEqual([code, stdout], [exitCodes.usage, '']);
  });
}
