import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { canonicalBytes, canonicalDigest, sha256 } from '../../../contracts/canonical-json.ts';

const json = fc.jsonValue({ stringUnit: 'binary' });
const text = (value: unknown): string => canonicalBytes(value).toString('utf8');

/** The same value with the members of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, child]) => [key, reordered(child)]),
  );
}

describe('canonical JSON', () => {
  it('is the same for the same value, in whatever order its members are written', () => {
    fc.assert(
      fc.property(json, (value) => {
        assert.ok(canonicalBytes(value).equals(canonicalBytes(reordered(value))));
        assert.equal(canonicalDigest(value), canonicalDigest(reordered(value)));
      }),
    );
  });

  it('loses nothing: it reads back as the same value, so different values have different bytes', () => {
    fc.assert(
      fc.property(json, (value) => {
        const read: unknown = JSON.parse(text(value));
        // JSON.stringify writes a negative zero as 0.
        assert.deepEqual(read, JSON.parse(JSON.stringify(value)));
        assert.equal(text(read), text(value));
      }),
    );
  });

  // RFC 8785, appendix B and section 3.2.2.3: the source text and the canonical form.
  const numbers: readonly (readonly [string, string])[] = [
    ['0', '0'],
    ['-0', '0'],
    ['1e21', '1e+21'],
    ['1e20', '100000000000000000000'],
    ['0.000001', '0.000001'],
    ['0.0000001', '1e-7'],
    ['5e-324', '5e-324'],
    ['-5e-324', '-5e-324'],
    ['1.7976931348623157e308', '1.7976931348623157e+308'],
    ['9007199254740992', '9007199254740992'],
    ['295147905179352830000', '295147905179352830000'],
    ['9.999999999999997e22', '9.999999999999997e+22'],
    ['1e23', '1e+23'],
    ['999999999999999700000', '999999999999999700000'],
    ['333333333.33333329', '333333333.3333333'],
    ['0.0000033333333333333333', '0.0000033333333333333333'],
    ['1424953923781206.2', '1424953923781206.2'],
    ['4.50', '4.5'],
    ['2e-3', '0.002'],
    ['0.000000000000000000000000001', '1e-27'],
  ];
  for (const [source, written] of numbers) {
    it(`writes the number ${source} as RFC 8785 does`, () => assert.equal(text(JSON.parse(source)), written));
  }

  it('writes the sample of RFC 8785, section 3.2.4, byte for byte', () => {
    const sample = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    assert.equal(
      canonicalBytes(JSON.parse(sample)).toString('hex'),
      '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d',
    );
  });

  it('sorts member names by UTF-16 code unit, as RFC 8785, section 3.2.3, shows', () => {
    const names = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const sorted = [
      ...text(Object.fromEntries(names.map((name, index) => [name, `#${index}`]))).matchAll(/#(\d)/g),
    ].map((match) => Number(match[1]));
    assert.deepEqual(sorted, [1, 3, 5, 6, 0, 4, 2]);
  });

  it('keeps text as it is, without normalising it', () => {
    assert.equal(text('e\u0301'), '"e\u0301"');
    assert.notEqual(canonicalDigest('e\u0301'), canonicalDigest('\u00e9'));
    assert.equal(text('\u2028\u007f/'), '"\u2028\u007f/"');
    assert.equal(text('\b\t\n\f\r\u0000\u001f'), String.raw`"\b\t\n\f\r\u0000\u001f"`);
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const refused: Readonly<Record<string, unknown>> = {
    'half a surrogate pair': 'a\ud800',
    'half a surrogate pair in a member name': { 'a\udc00': 1 },
    NaN: Number.NaN,
    infinity: [Number.POSITIVE_INFINITY],
    undefined: undefined,
    'a function': () => 1,
    'a big integer': 1n,
    'a cycle': cycle,
  };
  for (const [name, value] of Object.entries(refused)) {
    it(`refuses ${name} with a TypeError`, () => assert.throws(() => canonicalBytes(value), TypeError));
  }

  it('leaves out a member that is undefined', () => assert.equal(text({ a: undefined, b: 1 }), '{"b":1}'));

  it('digests exactly these bytes', () => {
    const value = { b: 1, a: '\u20ac' };
    const hex = createHash('sha256').update('{"a":"\u20ac","b":1}', 'utf8').digest('hex');
    assert.equal(canonicalDigest(value), `sha256:${hex}`);
    assert.equal(sha256(canonicalBytes(value)), `sha256:${hex}`);
  });
});
