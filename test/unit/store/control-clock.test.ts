import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { clocksAgree, clockToleranceMs, compareClocks } from '../../../store/control-clock.ts';

const differences = fc.integer({ min: -1e12, max: 1e12 });

test('clocks are never said to be further apart than they are, whenever within the question mongod has looked at its own', () => {
  fc.assert(
    fc.property(
      differences,
      fc.nat(60_000),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (differenceMs, tookMs, share) => {
        const atMs = 1.7e12;
        const { apartMs } = compareClocks({ atMs, tookMs, serverMs: atMs + tookMs * share - differenceMs });
        assert.ok(apartMs <= Math.abs(differenceMs) + 1, `${apartMs} of ${differenceMs}`);
      },
    ),
  );
});

test('clocks that differ by more than the tolerance and the time of the question are told apart, in either direction', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), fc.nat(60_000), fc.constantFrom(1, -1), (more, tookMs, sign) => {
      const atMs = 1.7e12;
      const differenceMs = sign * (clockToleranceMs + tookMs + more);
      assert.equal(clocksAgree(compareClocks({ atMs, tookMs, serverMs: atMs + tookMs / 2 - differenceMs })), false);
    }),
  );
});

test('a question that was held up for long says nothing against a clock', () => {
  assert.equal(clocksAgree(compareClocks({ atMs: 0, tookMs: 60_000, serverMs: 1 })), true);
});
