import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { Binary } from 'mongodb';
import { keyBytes, open, seal } from '../../../engines/keys/key-provider.ts';
import type { SealedSecret } from '../../../store/documents.ts';

const keys = fc.integer().map((seed) => createHash('sha256').update(String(seed)).digest());
const plaintexts = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
const contexts = fc.oneof(
  fc.constantFrom('tenure/a/data-key', 'tenure/b/data-key', 'tenure/a/database-credential'),
  fc.string({ unit: 'grapheme' }),
);
const parts = ['iv', 'ciphertext', 'tag'] as const;

function flipped(bytes: Binary, seed: number): Binary {
  const copy = Buffer.from(bytes.value());
  copy[(seed >> 3) % copy.length]! ^= 1 << (seed & 7);
  return new Binary(copy);
}

describe('a sealed secret', () => {
  it('opens with the key and in the context it was sealed in', () => {
    fc.assert(
      fc.property(keys, plaintexts, contexts, (bytes, plaintext, context) =>
        assert.ok(open(bytes, seal({ id: 'k', bytes }, plaintext, context), context).equals(plaintext)),
      ),
    );
  });

  it('names the key that sealed it', () => {
    fc.assert(
      fc.property(keys, fc.string(), (bytes, id) => assert.equal(seal({ id, bytes }, Buffer.from('x'), 'c').key, id)),
    );
  });

  it('does not open with another key', () => {
    fc.assert(
      fc.property(keys, keys, plaintexts, contexts, (bytes, other, plaintext, context) => {
        fc.pre(!bytes.equals(other));
        assert.throws(() => open(other, seal({ id: 'k', bytes }, plaintext, context), context));
      }),
    );
  });

  it('does not open in another context, so it cannot be used for another tenant or purpose', () => {
    fc.assert(
      fc.property(keys, plaintexts, contexts, contexts, (bytes, plaintext, context, other) => {
        fc.pre(context !== other);
        assert.throws(() => open(bytes, seal({ id: 'k', bytes }, plaintext, context), other));
      }),
    );
  });

  for (const part of parts) {
    it(`does not open with any bit of its ${part} changed`, () => {
      fc.assert(
        fc.property(
          keys,
          plaintexts.filter(({ length }) => length > 0),
          contexts,
          fc.nat(),
          (bytes, plaintext, context, seed) => {
            const sealed = seal({ id: 'k', bytes }, plaintext, context);
            assert.throws(() => open(bytes, { ...sealed, [part]: flipped(sealed[part], seed) }, context));
          },
        ),
        { numRuns: 500 },
      );
    });

    it(`does not open with its ${part} truncated`, () => {
      fc.assert(
        fc.property(
          keys,
          plaintexts.filter(({ length }) => length > 0),
          contexts,
          fc.nat(),
          (bytes, plaintext, context, seed) => {
            const sealed = seal({ id: 'k', bytes }, plaintext, context);
            const whole = sealed[part].value();
            assert.throws(() =>
              open(bytes, { ...sealed, [part]: new Binary(whole.subarray(0, seed % whole.length)) }, context),
            );
          },
        ),
        { numRuns: 500 },
      );
    });
  }

  it('does not open with parts of another secret under the same key', () => {
    fc.assert(
      fc.property(keys, plaintexts, contexts, fc.constantFrom(...parts), (bytes, plaintext, context, part) => {
        const [sealed, other] = [
          seal({ id: 'k', bytes }, plaintext, context),
          seal({ id: 'k', bytes }, Buffer.concat([plaintext, Buffer.from('x')]), context),
        ];
        assert.throws(() => open(bytes, { ...sealed, [part]: other[part] }, context));
      }),
    );
  });

  it('does not reveal its content, nor that two secrets have the same content', () => {
    const plaintext = Buffer.from('a password of some length');
    const bytes = createHash('sha256').update('key').digest();
    const sealed = Array.from({ length: 500 }, (): SealedSecret => seal({ id: 'k', bytes }, plaintext, 'c'));
    for (const { ciphertext } of sealed) assert.ok(!Buffer.from(ciphertext.value()).includes('password'));
    for (const part of parts)
      assert.equal(
        new Set(sealed.map((one) => Buffer.from(one[part].value()).toString('hex'))).size,
        sealed.length,
        part,
      );
  });

  it('requires a key of 256 bits', () => {
    assert.equal(keyBytes, 32);
    for (const length of [0, 16, 24, 31, 33])
      assert.throws(() => seal({ id: 'k', bytes: Buffer.alloc(length) }, Buffer.from('x'), 'c'));
  });
});
