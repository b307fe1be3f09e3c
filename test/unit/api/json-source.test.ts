import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { lostInParsing } from '../../../api/json-source.ts';
import { jsonPointer } from '../../../domain/json-difference.ts';

const pointers = (text: string): (string | undefined)[] => lostInParsing(text).map(({ pointer }) => pointer);

/** JSON text with `inner` at a path of field names and indexes. */
function wrapped(path: readonly (string | number)[], inner: string): string {
  return path.reduceRight<string>(
    (text, at) =>
      typeof at === 'number'
        ? `[${'null,'.repeat(at)}${text}, {"z": [0]}]`
        : `{"": {"": 1}, ${JSON.stringify(at)} : ${text} }`,
    inner,
  );
}

const path = fc.array(
  fc.oneof(
    fc.nat({ max: 3 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }),
    fc.constantFrom('a/b', 'm~n', '"', '\\', '{', ':,'),
  ),
  { maxLength: 6 },
);
const integer = fc.oneof(
  fc.bigInt(),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: -(2n ** 53n) - 3n, max: 3n - 2n ** 53n }),
);

describe('the check for what JSON.parse loses', () => {
  it('finds an integer that a number cannot represent, anywhere in the text', () => {
    fc.assert(
      fc.property(path, integer, (at, value) => {
        const isHeld = BigInt(Number(value)) === value && Number.isSafeInteger(Number(value));
        assert.deepEqual(pointers(wrapped(at, String(value))), isHeld ? [] : [jsonPointer(at)]);
      }),
    );
  });

  it('finds nothing in numbers that are not such integers', () => {
    const number = fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value) || String(value).includes('e'));
    fc.assert(fc.property(number, (value) => assert.deepEqual(pointers(JSON.stringify([value])), [])));
    assert.deepEqual(
      pointers('[0.1234567890123456789, 1E2, -0, 0e999, 1.50e20, 1e23, 9007199254740992.0, "9007199254740993"]'),
      [],
    );
  });

  it('finds an inexact integer that is written in another form', () => {
    assert.deepEqual(pointers('[9007199254740993.0, 9007199254740993e0, 90071992547409930e-1, 1e23]'), [
      '/0',
      '/1',
      '/2',
    ]);
  });

  it('finds a field that occurs twice in one object, however it is written', () => {
    assert.deepEqual(pointers(String.raw`{"a": {"b": 1, "c": [{"b": 1}, {"b": 2, "\u0062": 3}]}, "b": 2, "a": 4}`), [
      '/a/c/1/b',
      '/a',
    ]);
    fc.assert(
      fc.property(path, fc.jsonValue(), (at, value) =>
        assert.deepEqual(
          pointers(wrapped([...at, 'twice'], `1, "twice": ${JSON.stringify(value)}`.replace(/-?\d{16,}/g, '1'))),
          [jsonPointer([...at, 'twice'])],
        ),
      ),
    );
  });

  it('finds at most a hundred flaws, and neither fails nor takes long for any text', () => {
    assert.equal(lostInParsing(`[${'9007199254740993,'.repeat(1000)}1]`).length, 100);
    fc.assert(fc.property(fc.string(), (text) => assert.ok(Array.isArray(lostInParsing(text)))));
    for (const text of [
      '['.repeat(500_000),
      '{"a":'.repeat(200_000),
      '"'.repeat(1_000_000),
      `"${String.raw`\"`.repeat(500_000)}"`,
      '-'.repeat(1_000_000),
      '1.'.repeat(500_000),
    ])
      lostInParsing(text);
  });
});
