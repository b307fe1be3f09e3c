import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { canonicalBytes } from '../../../contracts/canonical-json.ts';
import { policyEntrypoints, readBundle } from '../../../engines/policy/bundle.ts';
import type { PolicyBundle } from '../../../engines/policy/bundle.ts';
import { createEvaluator, instantiatePolicy } from '../../../engines/policy/evaluator.ts';
import { compiledPolicy } from './compiled.ts';
import { corpus } from './corpus.ts';

describe('the evaluator', () => {
  let bundle: PolicyBundle;
  before(async () => {
    bundle = await readBundle(await compiledPolicy());
  });
  const entrypoints = Object.values(policyEntrypoints);
  const requests = corpus.map(({ entrypoint, input }) => ({
    entrypoint,
    input: new Uint8Array(canonicalBytes(input)).buffer,
  }));

  it('keeps its instance until it throws, and then creates a new one', () => {
    let instances = 0;
    const evaluate = createEvaluator(() => {
      instances += 1;
      return instantiatePolicy(bundle, { initial: 16, maximum: 16 });
    }, entrypoints);
    const evaluateAll = () => requests.map(({ entrypoint, input }) => JSON.stringify(evaluate(entrypoint, input)));
    const answers = evaluateAll();
    assert.equal(instances, 1);
    const tooLarge = new ArrayBuffer(2 * 1024 * 1024);
    assert.throws(() => evaluate(policyEntrypoints.admit, tooLarge));
    assert.equal(instances, 1, 'a new one is created only when it is needed');
    assert.deepEqual(evaluateAll(), answers);
    assert.equal(instances, 2);
  });

  it('makes 100,000 decisions in 1 MiB', () => {
    const { evaluate } = instantiatePolicy(bundle, { initial: 16, maximum: 16 });
    for (let made = 0; made < 100_000; made += 1) {
      const { entrypoint, input } = requests[made % requests.length]!;
      evaluate(entrypoint, input);
    }
  });
});
