import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MongoClient } from 'mongodb';
import {
  betterSample,
  clocksAgree,
  clockToleranceMs,
  compareClocks,
  createControlClock,
} from '../../../store/control-clock.ts';

const differences = fc.integer({ min: -1e12, max: 1e12 });

test('the reported difference of two clocks is never too large, whenever mongod reads its clock in the request', () => {
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

test('clocks that differ by more than the tolerance plus the request time do not agree, in either direction', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e12 }), fc.nat(60_000), fc.constantFrom(1, -1), (more, tookMs, sign) => {
      const atMs = 1.7e12;
      const differenceMs = sign * (clockToleranceMs + tookMs + more);
      assert.equal(clocksAgree(compareClocks({ atMs, tookMs, serverMs: atMs + tookMs / 2 - differenceMs })), false);
    }),
  );
});

test('a slow request is not evidence against a clock', () => {
  assert.equal(clocksAgree(compareClocks({ atMs: 0, tookMs: 60_000, serverMs: 1 })), true);
});

test('time is counted from the most exact answer, and from a less exact one when it has aged or mongod was set', () => {
  const quick = { serverMs: 1_000_000, at: 0, uncertainMs: 0.5 };
  const hour = 3_600_000;
  const after = (ageMs: number, uncertainMs: number, setMs = 0) => ({
    serverMs: quick.serverMs + ageMs + setMs,
    at: ageMs,
    uncertainMs,
  });
  const chosen = (later: ReturnType<typeof after>): string =>
    betterSample(quick, later) === later ? 'later' : 'quick';
  assert.deepEqual(
    [
      chosen(after(5_000, 0.4)),
      // In a minute the clocks have drifted apart by 6 ms at most.
      chosen(after(60_000, 6.5)),
      chosen(after(60_000, 400)),
      chosen(after(hour, 300)),
      // The answers contradict each other.
      chosen(after(60_000, 400, 600)),
      chosen(after(60_000, 400, -600)),
    ],
    ['later', 'later', 'quick', 'later', 'later', 'later'],
  );
});

test('a process that asked while mongod was suspended asks again, and is not ahead', async () => {
  let asked = 0;
  // mongod reads its clock when it wakes up, just before it answers.
  const command = async () => {
    asked += 1;
    if (asked === 1) await new Promise((resolve) => setTimeout(resolve, 400));
    return { localTime: new Date(performance.now()) };
  };
  const clock = createControlClock({ db: () => ({ command }) } as unknown as MongoClient);
  await clock.measure();
  assert.equal(asked, 2);
  assert.ok(Math.abs(clock.now().getTime() - performance.now()) < 100);
});
