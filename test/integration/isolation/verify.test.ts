import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { verifyPair } from '../../../engines/isolation/verify/verify-pair.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { ensureBefore, newId, openCell, passwordOf } from './cell-fixture.ts';

const stack = attachToStack();
const cell = openCell(stack.mongod['eu-west-1']);
const other = openCell(stack.mongod['us-east-1'], 'us-east-1-a');
after(async () => { await cell.close(); await other.close(); });

for (const [a, b, where] of [['schema', 'schema', cell] as const]) {
  test(`${a} ${b} ${where === cell ? '' : 'other'}`, async () => {
    const [one, two] = [cell.home({ mode: a }), where.home({ mode: b })];
    await ensureBefore('probe-isolation', one);
    await ensureBefore('probe-isolation', two);
    const t = performance.now();
    const verification = newId();
    const directions = await verifyPair({ tenants: [{ name: 'one', home: one }, { name: 'two', home: two }], leavings: { verification, olderThan: '0' }, attempt: verification, password: passwordOf, newId });
    for (const d of directions) {
      console.log(a, b, d.from, d.to, d.mongod, d.known, d.probes, JSON.stringify(d.counts), JSON.stringify(d.refusals), Math.round(performance.now() - t), 'ms');
      for (const x of d.breaches) console.log('  BREACH', JSON.stringify(x));
      if (a === 'schema' && d.from==='one') for (const x of [...d.harmless.map((y)=>({c:'H',...y})), ...d.notApplicable.map((y)=>({c:'N',...y}))]) console.log('  ', JSON.stringify(x));
    }
    assert.ok(true);
  });
}
