import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { canonicallyEqual } from '../../../contracts/canonical-json.ts';
import { jsonDifference } from '../../../domain/json-difference.ts';

const names = fc.constantFrom('a', 'b', 'a/b', '~', '', 'constructor', 'toString', '0');
const { json } = fc.letrec<{ json: unknown }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom(null, 0, -0, 1, '', 'a', true, false),
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(names, tie('json'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const pathOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Applies the changes to the first value. Removes elements of an array from its end. */
function applied(before: unknown, changes: ReturnType<typeof jsonDifference>): unknown {
  const root = { value: structuredClone(before) };
  for (const change of [
    ...changes.filter((one) => Object.hasOwn(one, 'after')),
    ...changes.filter((one) => !Object.hasOwn(one, 'after')).toReversed(),
  ]) {
    const path = ['value', ...pathOf(change.pointer)];
    const last = path.pop() ?? '';
    const parent = path.reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], root) as Record<
      string,
      unknown
    >;
    if (Object.hasOwn(change, 'after')) parent[last] = structuredClone(change.after);
    else if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else delete parent[last];
  }
  return root.value;
}

describe('the difference of two JSON values', () => {
  it('turns the first into the second, and is empty exactly if they are equal', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const changes = jsonDifference(before, after);
        assert.ok(canonicallyEqual(applied(before, changes), after));
        assert.equal(changes.length === 0, canonicallyEqual(before, after));
      }),
      { numRuns: 1000 },
    );
  });

  it('in the other direction has the same pointers, with before and after exchanged', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const there = jsonDifference(before, after);
        const back = jsonDifference(after, before).map(({ pointer, before: left, after: right, ...rest }) => ({
          pointer,
          ...rest,
          ...(right === undefined ? {} : { before: right }),
          ...(left === undefined ? {} : { after: left }),
        }));
        assert.deepEqual(back, there);
      }),
    );
  });

  it('names the smallest parts, in the order of names and indexes', () => {
    const before = {
      spec: { plan: 'startup', services: [{ name: 'a', n: [1, 2, 3] }] },
      metadata: { labels: { b: '1', 'x/y': '1' } },
    };
    const after = {
      spec: { services: [{ name: 'a', n: [1, 4] }, { name: 'b' }], plan: 'startup' },
      metadata: { labels: { constructor: 'c', b: '1' } },
    };
    assert.deepEqual(jsonDifference(before, after), [
      { pointer: '/metadata/labels/constructor', after: 'c' },
      { pointer: '/metadata/labels/x~1y', before: '1' },
      { pointer: '/spec/services/0/n/1', before: 2, after: 4 },
      { pointer: '/spec/services/0/n/2', before: 3 },
      { pointer: '/spec/services/1', after: { name: 'b' } },
    ]);
  });

  it('distinguishes null from a missing value, and has a value of another type as a whole', () => {
    assert.deepEqual(jsonDifference({ a: null }, {}), [{ pointer: '/a', before: null }]);
    assert.deepEqual(jsonDifference({ a: [1] }, { a: { 0: 1 } }), [{ pointer: '/a', before: [1], after: { 0: 1 } }]);
  });

  it('sorts indexes as numbers', () => {
    const pointers = jsonDifference(
      [],
      Array.from({ length: 12 }, () => 0),
    ).map(({ pointer }) => pointer);
    assert.deepEqual(
      pointers,
      Array.from({ length: 12 }, (_, index) => `/${index}`),
    );
  });
});
