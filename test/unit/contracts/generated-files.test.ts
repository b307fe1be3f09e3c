import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { z } from 'zod';
import { contractDocuments, contractFiles, jsonSchemaOf } from '../../../tools/generate/contract-schemas.ts';
import { findDrift, writeGenerated } from '../../../tools/generate/generated-file.ts';
import { lifecycleReference } from '../../../tools/generate/lifecycle-reference.ts';
import { markdownTable } from '../../../tools/generate/markdown.ts';
import { openApiFile } from '../../../tools/generate/openapi/document.ts';
import { problemReference } from '../../../tools/generate/problem-reference.ts';
import { routeReference } from '../../../tools/generate/route-reference.ts';
import { configurationReference } from '../../../tools/generate/configuration-reference.ts';
import { accepted, refused } from './manifest-samples.ts';
import type { Json } from './manifest-samples.ts';

describe('a generated file', () => {
  const all = () => [
    ...contractFiles(),
    openApiFile(),
    problemReference(),
    routeReference(),
    lifecycleReference(),
    configurationReference(),
  ];

  it('is the same each time it is generated', () => assert.deepEqual(all(), all()));

  it('says in its first line where it comes from and how to generate it, and ends with one newline', () => {
    for (const { path, content } of all()) {
      assert.match(content.split('\n')[0] ?? '', /Generated from .* by `npm run generate`/, path);
      assert.match(content, /[^\n]\n$/, path);
    }
  });

  it('keeps a "|" inside its table cell', () =>
    assert.equal(
      markdownTable(['a'], [['x|y']])
        .split('\n')
        .at(-1),
      '| x\\|y |',
    ));
});

describe('the check for drift', () => {
  let clone = '';
  beforeEach(() => {
    clone = mkdtempSync(join(tmpdir(), 'tenure-generate-'));
  });
  afterEach(() => rmSync(clone, { recursive: true, force: true }));
  const set = {
    files: [
      { path: 'made/a.json', content: 'a\n' },
      { path: 'docs/b.md', content: 'b\n' },
    ],
    folder: 'made',
  };

  it('finds nothing right after everything was written', () => {
    writeGenerated(set, clone);
    assert.deepEqual(findDrift(set, clone), []);
  });

  it('finds missing, changed and left-over files, and writing fixes exactly those', () => {
    writeGenerated(set, clone);
    rmSync(join(clone, 'made/a.json'));
    writeFileSync(join(clone, 'made/old.json'), '{}');
    writeFileSync(join(clone, 'docs/b.md'), 'b \n');
    mkdirSync(join(clone, 'docs/guides'));
    writeFileSync(join(clone, 'docs/by-hand.md'), 'x');
    const drift = [
      { path: 'made/a.json', kind: 'missing' },
      { path: 'docs/b.md', kind: 'changed' },
      { path: 'made/old.json', kind: 'left over' },
    ];
    assert.deepEqual(findDrift(set, clone), drift);
    assert.deepEqual(writeGenerated(set, clone), drift);
    assert.deepEqual(findDrift(set, clone), []);
    assert.deepEqual(readdirSync(join(clone, 'docs')).toSorted(), ['b.md', 'by-hand.md', 'guides']);
    assert.equal(readFileSync(join(clone, 'docs/b.md'), 'utf8'), 'b\n');
  });
});

describe('the JSON Schema of a contract', () => {
  const manifestSchemas: Readonly<Record<string, z.ZodType>> = {
    Tenant: z.fromJSONSchema(jsonSchemaOf(contractDocuments['tenant-manifest'])),
    Plan: z.fromJSONSchema(jsonSchemaOf(contractDocuments['plan-manifest'])),
    Region: z.fromJSONSchema(jsonSchemaOf(contractDocuments['region-manifest'])),
  };
  const takes = (manifest: Json): boolean => {
    // An editor reads JSON, where an undefined field does not exist.
    const read = JSON.parse(JSON.stringify(manifest)) as Json;
    return manifestSchemas[String(read['kind'])]?.safeParse(read).success === true;
  };

  for (const { name, manifest } of accepted) it(`accepts ${name}`, () => assert.ok(takes(manifest)));
  for (const { name, manifest } of refused.filter(({ jsonSchemaRefuses }) => jsonSchemaRefuses))
    it(`refuses ${name}`, () => assert.ok(!takes(manifest)));

  it('cannot be generated for a rule that it cannot express and no description states', () => {
    const ruled = z.string().refine((text) => text !== 'x');
    const of = (schema: z.ZodType) => () => jsonSchemaOf({ schema, writtenBy: 'outsiders' });
    assert.throws(of(z.strictObject({ a: z.array(ruled) })), /\/properties\/a\/items has a rule/);
    assert.throws(of(ruled), /has a rule/);
    assert.doesNotThrow(of(z.strictObject({ a: z.array(ruled.meta({ description: 'Not "x".' })) })));
    assert.doesNotThrow(of(z.strictObject({ a: ruled.optional().meta({ description: 'Not "x".' }) })));
  });

  it('is open where Tenure writes, so that a new optional field breaks no reader, and strict elsewhere', () => {
    for (const [name, contract] of Object.entries(contractDocuments)) {
      const strict = JSON.stringify(jsonSchemaOf(contract)).includes('"additionalProperties":false');
      assert.equal(strict, contract.writtenBy === 'outsiders', name);
    }
  });
});
