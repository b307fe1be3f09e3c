import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { withinMs } from '../../../platform/deadline.ts';

const late = (): Error => new Error('late');
const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('a deadline', () => {
  it('returns the result of work that finishes in time', async () => {
    assert.equal(await withinMs(60_000, Promise.resolve(7), late), 7);
  });

  it('throws the error of work that fails in time', async () => {
    await assert.rejects(withinMs(60_000, Promise.reject(new Error('its own')), late), { message: 'its own' });
  });

  it('throws its own error when the time is over, although the work continues', async () => {
    await assert.rejects(withinMs(1, new Promise(() => undefined), late), { message: 'late' });
  });

  it('creates that error only if it is needed', async () => {
    await withinMs(60_000, Promise.resolve(), () => assert.fail('created although the work was in time'));
  });

  it('does not end the process when late work fails', async () => {
    const work = Promise.withResolvers<never>();
    await assert.rejects(withinMs(1, work.promise, late), { message: 'late' });
    // The test runner fails the running test if a rejection is not handled.
    work.reject(new Error('nobody waits for this'));
    await turn();
  });

  it('leaves no timer behind that would keep the process alive', async () => {
    const before = timers();
    await withinMs(60_000, Promise.resolve(), late);
    await assert.rejects(withinMs(60_000, Promise.reject(new Error('x')), late));
    assert.equal(timers(), before);
  });
});
