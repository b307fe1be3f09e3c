import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { withinMs } from '../../../platform/deadline.ts';

const late = (): Error => new Error('late');
const timers = (): number => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

describe('a deadline', () => {
  it('gives the result of work that is in time', async () => {
    assert.equal(await withinMs(60_000, Promise.resolve(7), late), 7);
  });

  it('gives the error of work that fails in time', async () => {
    await assert.rejects(withinMs(60_000, Promise.reject(new Error('its own')), late), { message: 'its own' });
  });

  it('gives its own error once the time has passed, though the work goes on', async () => {
    await assert.rejects(withinMs(1, new Promise(() => undefined), late), { message: 'late' });
  });

  it('makes that error only when it is needed', async () => {
    await withinMs(60_000, Promise.resolve(), () => assert.fail('made in time'));
  });

  it('does not end the process when late work fails after all', async () => {
    const work = Promise.withResolvers<never>();
    await assert.rejects(withinMs(1, work.promise, late), { message: 'late' });
    // The test runner fails the test that is running when a rejection is handled by nobody.
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
