import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAwaitOutcome, longestWaitSeconds, readPreferredWait } from '../../../api/await-outcome.ts';
import { TenureError } from '../../../domain/tenure-error.ts';

it('reads how long a caller is ready to wait, among its other preferences', () => {
  for (const prefer of ['wait=10', 'respond-async, wait=10', 'wait="10"', ' WAIT = 10 ; foo, handling=lenient']) assert.equal(readPreferredWait(prefer), 10, prefer);
});

it('waits no longer than it can promise', () => {
  assert.equal(readPreferredWait('wait=86400'), longestWaitSeconds);
});

it('takes what it cannot read for nothing, as RFC 7240 has it', () => {
  for (const prefer of [undefined, '', 'respond-async', 'wait', 'wait=soon', 'wait=-1', 'wait=1.5', 'awaits=10']) assert.equal(readPreferredWait(prefer), undefined, prefer);
});

it('leaves a change accepted that was accepted, where its outcome cannot be read', async () => {
  const away = (): Promise<never> => Promise.reject(new TenureError('control_unavailable', 'away'));
  const awaitOutcome = createAwaitOutcome({ store: { operations: { find: away }, resources: { findByUid: away } } as never, watch: { ended: away } as never });
  const answer = { status: 202, headers: { location: '/v1/operations/01hzzzzzzzzzzzzzzzzzzzzza1' }, body: '{"operation":{}}' };
  assert.deepEqual(await awaitOutcome(answer, { seconds: 5, doneStatus: 200 }), { ...answer, headers: { ...answer.headers, 'preference-applied': 'wait=5' } });
});
