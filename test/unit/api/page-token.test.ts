import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { createPageTokens } from '../../../api/page-token.ts';
import { TenureError } from '../../../domain/tenure-error.ts';

const key = randomBytes(32);
const ring = (current: string, keys: Record<string, Buffer>) =>
  createPageTokens({ current, keys: new Map(Object.entries(keys)) });
const tokens = ring('k1', { k1: key });
const list = fc.constantFrom('tenants', 'plans', 'operations');
const filter = fc.oneof(
  fc.constant(null),
  fc.record({ tenant: fc.constantFrom('a', 'b'), state: fc.constantFrom('running', 'failed') }),
  fc.array(fc.string()),
);
const position = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 64 }).filter((text) => text.isWellFormed());

function refused(work: () => unknown): void {
  assert.throws(work, (error) => error instanceof TenureError && error.code === 'page_token_invalid');
}

describe('a page token', () => {
  it('returns the position that it was made for', () => {
    fc.assert(
      fc.property(list, filter, position, (name, by, at) =>
        assert.equal(tokens.read(name, by, tokens.make(name, by, at)), at),
      ),
    );
  });

  it('needs no escaping in a URL, and is short enough for the route', () => {
    fc.assert(
      fc.property(list, filter, position, (name, by, at) => assert.match(tokens.make(name, by, at), /^[\w-]{1,512}$/)),
    );
  });

  it('reveals neither the position nor what it was made for', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-h0-3]{4,64}$/), (at) => {
        const bytes = Buffer.from(tokens.make('tenants', { tenant: 'acme' }, at), 'base64url');
        assert.ok(!bytes.includes(at) && !bytes.includes('tenants') && !bytes.includes('acme'));
      }),
    );
  });

  it('is valid for the same filter with its fields in any order', () => {
    assert.equal(tokens.read('l', { b: 1, a: 2 }, tokens.make('l', { a: 2, b: 1 }, 'x')), 'x');
  });

  it('is invalid for another list', () => {
    fc.assert(
      fc.property(list, list, filter, position, (made, asked, by, at) => {
        fc.pre(made !== asked);
        refused(() => tokens.read(asked, by, tokens.make(made, by, at)));
      }),
    );
  });

  it('is invalid for another filter', () => {
    fc.assert(
      fc.property(list, filter, filter, position, (name, made, asked, at) => {
        fc.pre(JSON.stringify(made) !== JSON.stringify(asked));
        refused(() => tokens.read(name, asked, tokens.make(name, made, at)));
      }),
    );
  });

  it('is invalid under another key', () => {
    fc.assert(
      fc.property(list, filter, position, (name, by, at) =>
        refused(() => ring('k1', { k1: randomBytes(32) }).read(name, by, tokens.make(name, by, at))),
      ),
    );
  });

  it('is invalid with any bit changed', () => {
    fc.assert(
      fc.property(list, filter, position, fc.nat(), (name, by, at, seed) => {
        const bytes = Buffer.from(tokens.make(name, by, at), 'base64url');
        const bit = seed % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        refused(() => tokens.read(name, by, bytes.toString('base64url')));
      }),
      { numRuns: 2000 },
    );
  });

  it('is invalid with any character changed, added or removed', () => {
    fc.assert(
      fc.property(
        list,
        filter,
        position,
        fc.nat(),
        fc.constantFrom('', 'A', 'w', '_', '=', ' ', '+', '/', '\u20ac'),
        fc.boolean(),
        (name, by, at, seed, character, replace) => {
          const token = tokens.make(name, by, at);
          const place = seed % (token.length + 1);
          const changed = token.slice(0, place) + character + token.slice(place + (replace ? 1 : 0));
          fc.pre(changed !== token);
          refused(() => tokens.read(name, by, changed));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('cannot be forged', () => {
    fc.assert(
      fc.property(list, filter, fc.oneof(fc.string(), fc.base64String(), fc.constant('')), (name, by, token) =>
        refused(() => tokens.read(name, by, token)),
      ),
    );
  });

  it('stays valid after a key rotation while the old key is in the keyring', () => {
    const next = randomBytes(32);
    const token = tokens.make('tenants', null, 'acme');
    assert.equal(ring('k2', { k1: key, k2: next }).read('tenants', null, token), 'acme');
    const anew = ring('k2', { k1: key, k2: next }).make('tenants', null, 'acme');
    assert.equal(ring('k2', { k2: next }).read('tenants', null, anew), 'acme');
    refused(() => ring('k2', { k2: next }).read('tenants', null, token));
  });

  it('cannot be sealed with a key that is not in the keyring', () => {
    assert.throws(() => ring('k2', { k1: key }), TypeError);
  });
});
