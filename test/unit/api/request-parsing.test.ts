import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { z } from 'zod';
import { etagOf, parsePart, readIdempotencyKey, readPrecondition } from '../../../api/request-parsing.ts';
import { tenantManifestSchema } from '../../../contracts/manifests/tenant.ts';
import type { ProblemDetail } from '../../../contracts/problem-document.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { tenant, withCollection } from '../contracts/manifest-samples.ts';

function refusal(work: () => unknown, code: ProblemCode = 'request_invalid'): TenureError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof TenureError, String(error));
    assert.equal(error.code, code);
    return error;
  }
  return assert.fail('not refused');
}

/** Asserts a refusal, and returns the flaws that it names. */
const flaws = (work: () => unknown, code?: ProblemCode): readonly ProblemDetail[] => refusal(work, code).errors;

/** The value that a JSON pointer (RFC 6901) points to. */
function follow(pointer: string, document: unknown): unknown {
  return pointer
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (value, part) => (value as Record<string, unknown>)[part.replaceAll('~1', '/').replaceAll('~0', '~')],
      document,
    );
}

const anything = z.unknown();

describe('a body', () => {
  it('that is valid is returned as the contract parses it', () => {
    const read = parsePart('body', tenantManifestSchema, tenant());
    assert.deepEqual(read, tenantManifestSchema.parse(tenant()));
  });

  it('with several flaws is refused with all of them at once, each with its pointer', () => {
    const errors = flaws(() =>
      parsePart('body', tenantManifestSchema, {
        ...tenant({ plan: 7, unheard: 1, of: 2 }),
        metadata: { name: 'Acme' },
      }),
    );
    assert.deepEqual(
      new Set(errors.map(({ pointer }) => pointer)),
      new Set(['/metadata/name', '/spec/of', '/spec/plan', '/spec/unheard']),
    );
  });

  it('with an unknown field is refused with its name and a fix', () => {
    const [flaw] = flaws(() => parsePart('body', tenantManifestSchema, withCollection({ jsonShema: {} })));
    assert.deepEqual(flaw, {
      pointer: '/spec/services/0/collections/0/jsonShema',
      message: 'unknown field "jsonShema"',
      fix: 'Remove the field or correct its spelling.',
    });
  });

  it('with a value that is not in the list is refused with the allowed values', () => {
    const [lifecycle] = flaws(() => parsePart('body', tenantManifestSchema, tenant({ lifecycle: 'Gone' })));
    assert.deepEqual(
      [lifecycle?.pointer, lifecycle?.allowed],
      ['/spec/lifecycle', ['Draft', 'Active', 'Suspended', 'Archived']],
    );
    const [order] = flaws(() =>
      parsePart('body', tenantManifestSchema, withCollection({ indexes: [{ keys: [{ field: 'a', order: 0 }] }] })),
    );
    assert.deepEqual(order?.allowed, ['1', '-1', 'text', 'hashed', '2dsphere', '2d']);
  });

  it('with an invalid field name is refused with the rule for names', () => {
    const [flaw] = flaws(() =>
      parsePart('body', tenantManifestSchema, tenant({}, { metadata: { name: 'acme', labels: { 'A b': 'x' } } })),
    );
    assert.deepEqual(
      [flaw?.pointer, flaw?.message],
      ['/metadata/labels/A b', 'the name of this field must be a lower-case label key of at most 63 characters'],
    );
  });

  it('with a flaw anywhere is refused with a pointer to it, whatever the fields are called', () => {
    const path = fc.array(
      fc
        .oneof(fc.constantFrom('a/b', 'm~n', '~1', '', '0', 'a b'), fc.string({ maxLength: 5 }))
        .filter((name) => name !== '__proto__'),
      { minLength: 1, maxLength: 5 },
    );
    fc.assert(
      fc.property(path, (names) => {
        const document = names.reduceRight<unknown>((inner, name) => ({ [name]: inner }), 'wrong');
        const schema = names.reduceRight<z.ZodType>((inner, name) => z.object({ [name]: inner }), z.number());
        const [flaw] = flaws(() => parsePart('body', schema, document));
        assert.equal(follow(flaw?.pointer ?? '', document), 'wrong');
      }),
    );
  });

  it('may nest 64 levels deep; deeper nesting is refused, however deep it is', () => {
    const nested = (depth: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
      return value;
    };
    assert.deepEqual(parsePart('body', anything, nested(64)), nested(64));
    for (const depth of [65, 200_000])
      assert.equal(flaws(() => parsePart('body', anything, nested(depth)))[0]?.pointer?.split('/').length, 66);
  });

  it('with half a surrogate pair is refused with its position', () => {
    for (const [document, pointer] of [
      ['\ud800', ''],
      [{ a: ['x', 'a\udfff'] }, '/a/1'],
      [{ 'a/b': { c: '\ud800\ud800' } }, '/a~1b/c'],
    ] as const) {
      assert.equal(flaws(() => parsePart('body', anything, document))[0]?.pointer, pointer);
    }
    for (const document of [{ '\ud800': 1 }, [{ a: { '\udc00b': 1 } }]])
      flaws(() => parsePart('body', anything, document));
  });

  it('with a NUL in a field name is refused with its position', () => {
    assert.equal(flaws(() => parsePart('body', anything, [{ a: { 'b\0/': 1 } }]))[0]?.pointer, '/0/a/b\0~1');
  });

  it('with any Unicode text is accepted', () => {
    const json = fc
      .jsonValue({ stringUnit: 'binary' })
      .filter((value) => !/"(__proto__|_bsontype)"|\\u0000/.test(JSON.stringify(value)));
    fc.assert(fc.property(json, (value) => assert.equal(parsePart('body', anything, value), value)));
  });

  it('with a field "__proto__" or "_bsontype" is refused at any depth, and nothing is polluted', () => {
    for (const name of ['__proto__', '_bsontype']) {
      for (const [body, pointer] of [
        [`{"${name}":{"polluted":1}}`, ''],
        [`{"spec":[{"a":{"${name}":1}}]}`, '/spec/0/a'],
      ] as const) {
        assert.deepEqual(
          flaws(() => parsePart('body', anything, JSON.parse(body))),
          [{ pointer, message: `the field name "${name}" is not allowed` }],
        );
      }
    }
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('with very many flaws is refused with a hundred of them and a count of the rest', () => {
    const fields = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`unheard${index}`, 0]));
    const error = refusal(() => parsePart('body', tenantManifestSchema, { ...tenant(), ...fields }));
    assert.equal(error.errors.length, 100);
    assert.match(error.message, /; and 4990 more$/);
    const labels = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`A${index}`, 'x']));
    assert.equal(
      refusal(() => parsePart('body', tenantManifestSchema, tenant({}, { metadata: { name: 'acme', labels } }))).errors
        .length,
      100,
    );
  });

  it('that is very large is checked only up to its first flaw, to limit time and memory', () => {
    const collection = { indexes: Array.from({ length: 63 }, () => 0) };
    const services = Array.from({ length: 50 }, (_, index) => ({
      name: `s${index}`,
      collections: Array.from({ length: 45 }, () => collection),
    }));
    const began = performance.now();
    const error = refusal(() => parsePart('body', tenantManifestSchema, tenant({ services })));
    assert.ok(error.errors.length > 0 && error.errors.length <= 100, `${error.errors.length} flaws`);
    assert.ok(JSON.stringify(error.errors).length < 64 * 1024);
    assert.ok(performance.now() - began < 2_000, `it took ${performance.now() - began} ms`);
    assert.match(error.message, /the rest was not checked$/);
  });

  it('with a very long field name is refused without the whole name', () => {
    assert.ok(
      JSON.stringify(refusal(() => parsePart('body', tenantManifestSchema, { ['k'.repeat(1_000_000)]: 0 }))).length <
        4_096,
    );
    const [flaw] = flaws(() => parsePart('body', tenantManifestSchema, { ...tenant(), ['k'.repeat(1_000)]: 0 }));
    assert.ok((flaw?.message.length ?? 0) < 100);
  });

  it('is named in the message, as the path and the query are', () => {
    for (const part of ['path', 'query', 'body'] as const) {
      assert.throws(() => parsePart(part, z.strictObject({}), { a: 1 }), {
        message: `the ${part} is not valid: /a unknown field "a"`,
      });
    }
  });
});

describe('If-Match and If-None-Match', () => {
  it('name the revision that was read', () => {
    fc.assert(
      fc.property(fc.nat({ max: 1e9 }), (revision) =>
        assert.deepEqual(readPrecondition(etagOf(revision), undefined), { kind: 'revision', revisions: [revision] }),
      ),
    );
  });

  const taken: readonly (readonly [string | undefined, string | undefined, unknown])[] = [
    [undefined, undefined, undefined],
    ['*', undefined, { kind: 'exists' }],
    [' * ', undefined, { kind: 'exists' }],
    [undefined, '*', { kind: 'absent' }],
    ['"3"', undefined, { kind: 'revision', revisions: [3] }],
    ['"3", "4","5"', undefined, { kind: 'revision', revisions: [3, 4, 5] }],
  ];
  for (const [ifMatch, ifNoneMatch, precondition] of taken) {
    it(`are accepted: ${ifMatch ?? 'none'} and ${ifNoneMatch ?? 'none'}`, () =>
      assert.deepEqual(readPrecondition(ifMatch, ifNoneMatch), precondition));
  }

  const refused: readonly (readonly [string | undefined, string | undefined])[] = [
    ['3', undefined],
    ['W/"3"', undefined],
    ['"3"; "4"', undefined],
    ['"3",', undefined],
    ['"-1"', undefined],
    ['"3.0"', undefined],
    ['"abc"', undefined],
    ['""', undefined],
    ['', undefined],
    ['"3", *', undefined],
    [`"${'9'.repeat(16)}"`, undefined],
    [undefined, '"3"'],
    [undefined, ''],
    ['"3"', '*'],
    ['*', '*'],
  ];
  for (const [ifMatch, ifNoneMatch] of refused) {
    it(`are refused: ${ifMatch ?? 'none'} and ${ifNoneMatch ?? 'none'}`, () =>
      void flaws(() => readPrecondition(ifMatch, ifNoneMatch)));
  }
});

describe('an Idempotency-Key', () => {
  it('is used as it was sent: any visible ASCII, up to 255 characters', () => {
    const key = fc
      .array(
        fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)),
        { minLength: 1, maxLength: 255 },
      )
      .map((letters) => letters.join(''));
    fc.assert(
      fc.property(key, fc.constantFrom('required' as const, 'optional' as const), (text, rule) =>
        assert.equal(readIdempotencyKey(text, rule), text),
      ),
    );
  });

  it('is refused if it is longer or contains anything else', () => {
    for (const key of ['x'.repeat(256), 'a b', 'a\tb', 'schlüssel', ' a', 'a\n', '\u007f']) {
      for (const rule of ['required', 'optional'] as const) flaws(() => readIdempotencyKey(key, rule));
    }
  });

  it('must be present if the route requires it, and only then', () => {
    for (const missing of [undefined, ''])
      flaws(() => readIdempotencyKey(missing, 'required'), 'idempotency_key_missing');
    assert.equal(readIdempotencyKey(undefined, 'optional'), undefined);
    flaws(() => readIdempotencyKey('', 'optional'));
  });

  it('is ignored by a route that uses none', () => {
    for (const key of [undefined, 'abc', 'a b']) assert.equal(readIdempotencyKey(key, 'none'), undefined);
  });
});
