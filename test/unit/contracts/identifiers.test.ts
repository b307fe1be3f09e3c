import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  collectionNameSchema,
  digestSchema,
  nameSchema,
  timeSchema,
  uidSchema,
} from '../../../contracts/identifiers.ts';
import { createUlidFactory } from '../../../store/ulid.ts';

interface Identifier {
  readonly takes: readonly string[];
  readonly refuses: readonly string[];
}

function cases(schema: { safeParse(value: unknown): { success: boolean } }, { takes, refuses }: Identifier): void {
  for (const text of takes) it(`accepts ${JSON.stringify(text)}`, () => assert.ok(schema.safeParse(text).success));
  for (const text of refuses) it(`refuses ${JSON.stringify(text)}`, () => assert.ok(!schema.safeParse(text).success));
  it('refuses a value that is not a string', () => {
    for (const value of [undefined, null, 1, {}, ['a']]) assert.ok(!schema.safeParse(value).success);
  });
}

describe('a uid', () => {
  cases(uidSchema, {
    takes: ['01k9v3xq7m2c4e6g8j0npr2tvw', '00000000000000000000000000', '7zzzzzzzzzzzzzzzzzzzzzzzzz'],
    refuses: [
      '',
      '01K9V3XQ7M2C4E6G8J0NPR2TVW',
      '01k9v3xq7m2c4e6g8j0npr2tv',
      '01k9v3xq7m2c4e6g8j0npr2tvwx',
      '8zzzzzzzzzzzzzzzzzzzzzzzzz',
      '01k9v3xq7m2c4e6g8j0npr2tvi',
      '01k9v3xq7m2c4e6g8j0npr2tvu',
      '01k9v3xq7m2c4e6g8j0npr2tvw\n',
    ],
  });

  it('is made by the factory in ascending order, never the same twice', () => {
    const next = createUlidFactory();
    const made = Array.from({ length: 5000 }, next);
    for (const uid of made) uidSchema.parse(uid);
    assert.equal(new Set(made).size, made.length);
    assert.deepEqual(made, made.toSorted());
  });
});

describe('a resource name', () => {
  cases(nameSchema, {
    takes: ['a', 'acme', 'a-1', 'a--b', 'x'.repeat(63), 'xn--abc'],
    refuses: [
      '',
      'A',
      '1a',
      '-a',
      'a-',
      'a_b',
      'a.b',
      'a b',
      'x'.repeat(64),
      'acmé',
      'a\n',
      '\u0430cme',
      'a/b',
      '..',
      'a:activate',
    ],
  });

  it('is accepted exactly if it is a DNS label, for any text', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 70 }), fc.stringMatching(/^[a-zA-Z0-9-]{0,66}$/)),
        (text) => {
          const isLabel =
            text.length <= 63 &&
            /^[a-z]/.test(text) &&
            !text.endsWith('-') &&
            text.split('').every((letter) => 'abcdefghijklmnopqrstuvwxyz0123456789-'.includes(letter));
          assert.equal(nameSchema.safeParse(text).success, isLabel);
        },
      ),
    );
  });
});

describe('a collection name', () => {
  cases(collectionNameSchema, {
    takes: ['c', 'orders', 'ordersByDay_2', 'x'.repeat(64), 'mysystem'],
    refuses: ['', 'Orders', '_c', '1c', 'a.b', 'a-b', 'a$b', 'a\u0000', 'system', 'systemUsers', 'x'.repeat(65), 'a\n'],
  });
});

describe('a digest', () => {
  const hex = 'ab'.repeat(32);
  cases(digestSchema, {
    takes: [`sha256:${hex}`],
    refuses: [hex, `sha256:${hex.toUpperCase()}`, `sha256:${hex}00`, `sha512:${hex}`, `sha256:${hex}\n`],
  });
});

describe('a time', () => {
  cases(timeSchema, {
    takes: ['2025-11-20T09:14:09.502Z', '2000-02-29T00:00:00.000Z'],
    refuses: [
      '2025-11-20T09:14:09Z',
      '2025-11-20T09:14:09.502+01:00',
      '2025-02-29T00:00:00.000Z',
      '2025-11-20 09:14:09.502Z',
      '2025-11-20T24:00:00.000Z',
      '2025-11-20',
    ],
  });

  it('is accepted as a Date writes it', () => {
    fc.assert(
      fc.property(
        fc.date({
          min: new Date('0001-01-01T00:00:00.000Z'),
          max: new Date('9999-12-31T23:59:59.999Z'),
          noInvalidDate: true,
        }),
        (date) => {
          assert.equal(timeSchema.parse(date.toISOString()), date.toISOString());
        },
      ),
    );
  });
});
