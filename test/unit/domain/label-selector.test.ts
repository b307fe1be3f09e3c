import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { parseLabelSelector } from '../../../domain/label-selector.ts';
import type { LabelRequirement } from '../../../domain/label-selector.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { labelRequirements, writeRequirement } from '../../harness/tenant-filters.ts';

const read: readonly (readonly [text: string, requirements: readonly LabelRequirement[]])[] = [
  ['', []],
  ['  ', []],
  ['env=prod', [{ key: 'env', operator: 'in', values: ['prod'] }]],
  ['env==prod', [{ key: 'env', operator: 'in', values: ['prod'] }]],
  ['env != prod', [{ key: 'env', operator: 'notIn', values: ['prod'] }]],
  ['tier in (a,b)', [{ key: 'tier', operator: 'in', values: ['a', 'b'] }]],
  ['tier in(a , b)', [{ key: 'tier', operator: 'in', values: ['a', 'b'] }]],
  ['tier notin (c)', [{ key: 'tier', operator: 'notIn', values: ['c'] }]],
  ['key', [{ key: 'key', operator: 'exists' }]],
  ['!key', [{ key: 'key', operator: 'absent' }]],
  ['env=', [{ key: 'env', operator: 'in', values: [''] }]],
  [
    'env=,tier',
    [
      { key: 'env', operator: 'in', values: [''] },
      { key: 'tier', operator: 'exists' },
    ],
  ],
  ['tier in (a,)', [{ key: 'tier', operator: 'in', values: ['a', ''] }]],
  ['tier in (a,a)', [{ key: 'tier', operator: 'in', values: ['a'] }]],
  ['in in (in,notin)', [{ key: 'in', operator: 'in', values: ['in', 'notin'] }]],
  ['app.kubernetes.io/name=x-1_2.3', [{ key: 'app.kubernetes.io/name', operator: 'in', values: ['x-1_2.3'] }]],
  ['note="a, (b) \\"c\\""', [{ key: 'note', operator: 'in', values: ['a, (b) "c"'] }]],
];

const refused: readonly (readonly [text: string, says: string])[] = [
  [',', 'position 1: expected a label key, found ","'],
  ['env=prod,', 'position 10: expected a label key, found the end'],
  ['env=prod tier', 'position 10: expected "," between requirements, found "tier"'],
  ['env = = prod', 'position 7: expected a value, found "="'],
  ['env in prod', 'position 8: expected "(" after "in", found "prod"'],
  ['env in (a', 'position 10: expected ")" after the values, found the end'],
  ['env in (a b)', 'position 11: expected ")" after the values, found "b"'],
  ['env within (a)', 'position 5: expected an operator, found "within"'],
  ['env>1', 'position 4: unexpected ">"'],
  ['!env=prod', 'position 5: expected "," between requirements, found "="'],
  ['!!env', 'position 2: expected a label key, found "!"'],
  ['Env=prod', 'position 1: "Env" must be a lower-case label key of at most 63 characters'],
  [
    `a=1,${'k'.repeat(64)}=x`,
    `position 5: "${'k'.repeat(64)}" must be a lower-case label key of at most 63 characters`,
  ],
  ['"env"=prod', 'position 1: expected a label key, found "env"'],
  ['env="prod', 'position 5: the quote is not closed'],
  ['env="\\x"', 'position 5: "\\x" is not a JSON string'],
  ['env=é', 'position 5: unexpected "é"'],
  ['env=😀', 'position 5: unexpected "😀"'],
  [
    `env in (${Array.from({ length: 33 }, (_, index) => index).join(',')})`,
    'position 9: there are more than 32 values',
  ],
  [Array.from({ length: 21 }, (_, index) => `k${index}`).join(','), 'position 1: there are more than 20 requirements'],
];

describe('a label selector', () => {
  for (const [text, requirements] of read) {
    it(`is parsed: ${JSON.stringify(text)}`, () => assert.deepEqual(parseLabelSelector(text), requirements));
  }

  for (const [text, says] of refused) {
    it(`is refused with position and fix: ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(
        () => parseLabelSelector(text),
        (error) => {
          assert.ok(error instanceof TenureError);
          assert.equal(error.code, 'request_invalid');
          const [flaw] = error.errors;
          assert.deepEqual([flaw?.pointer, flaw?.message], ['/labelSelector', says]);
          assert.match(flaw?.fix ?? '', /^[A-Z].+\.$/);
          return true;
        },
      );
    });
  }

  it('has the same meaning in every way to write it', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(labelRequirements, fc.nat({ max: 11 })), { maxLength: 20 }), (written) => {
        const text = written.map(([requirement, style]) => writeRequirement(requirement, style)).join(',');
        assert.deepEqual(
          parseLabelSelector(text),
          written.map(([requirement]) => requirement),
        );
      }),
    );
  });

  it('is parsed or refused, whatever it contains, and fails in no other way', () => {
    const pieces = fc.array(
      fc.oneof(
        fc.constantFrom('env', 'in', 'notin', '(', ')', ',', '=', '==', '!=', '!', '"', ' ', '\\', '"a"', '\n', '>'),
        fc.string({ unit: 'binary', maxLength: 3 }),
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          parseLabelSelector(parts.join(''));
        } catch (error) {
          assert.ok(error instanceof TenureError && error.code === 'request_invalid', String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
