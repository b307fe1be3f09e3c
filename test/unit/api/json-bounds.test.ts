import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { maxEntries, maxValues, requireBoundedJson } from '../../../api/json-bounds.ts';

const check = (text: string): void => requireBoundedJson(Buffer.from(text));
const refused = { code: 'request_invalid' };
const list = (count: number, one = '0'): string => `[${Array.from({ length: count }, () => one).join(',')}]`;

describe('the bytes of a body', () => {
  it('pass, whatever their strings contain', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1), (value, space) =>
        check(JSON.stringify({ value, text: '[{,\\"]}'.repeat(20) }, null, space)),
      ),
    );
  });

  it('may contain a limited number of entries in an object or array', () => {
    check(list(maxEntries));
    assert.throws(() => check(list(maxEntries + 1)), refused);
    assert.throws(
      () => check(`{${Array.from({ length: maxEntries + 1 }, (_, index) => `"k${index}":0`).join(',')}}`),
      refused,
    );
    check(list(30, list(100)));
  });

  it('may contain a limited number of values, however they are distributed', () => {
    assert.throws(() => check(list(1_000, list(maxValues / 1_000))), refused);
    check(list(1_000, list(maxValues / 1_000 - 3)));
    assert.throws(() => check(list(9_999, `${'['.repeat(16)}${']'.repeat(16)}`)), refused);
  });

  it('pass if they are not JSON: the parser finds that', () => {
    for (const text of ['', ']]]]]', '"unended', '"\\', '{"a":', '}{']) check(text);
  });
});
