import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { operationKinds } from '../../../contracts/lifecycle.ts';
import { endsOf } from '../../../domain/lifecycle.ts';
import { conditionsAfterSuccess } from '../../../domain/operation-outcomes.ts';

const { admission } = JSON.parse(readFileSync(new URL('../../../policies/data.json', import.meta.url), 'utf8')) as {
  admission: Record<string, { rules: string[] }>;
};

it('a tenant satisfies its quota after exactly those paths for which policy checks the quota', () => {
  for (const kind of operationKinds) {
    for (const end of endsOf(kind)) {
      const says = conditionsAfterSuccess(kind, end).some(
        ({ type, status }) => type === 'QuotaSatisfied' && status === 'True',
      );
      assert.equal(says, admission[`tenant.${kind}`]?.rules.includes('quota.tables'), `${kind} to ${end}`);
    }
  }
});
