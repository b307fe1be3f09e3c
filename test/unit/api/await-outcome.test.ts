import assert from 'node:assert/strict';
import { it } from 'node:test';
import { longestWaitSeconds, readPreferredWait } from '../../../api/await-outcome.ts';

it('reads how long a caller is ready to wait, among its other preferences', () => {
  for (const prefer of ['wait=10', 'respond-async, wait=10', 'wait="10"', ' WAIT = 10 ; foo, handling=lenient']) assert.equal(readPreferredWait(prefer), 10, prefer);
});

it('waits no longer than it can promise', () => {
  assert.equal(readPreferredWait('wait=86400'), longestWaitSeconds);
});

it('takes what it cannot read for nothing, as RFC 7240 has it', () => {
  for (const prefer of [undefined, '', 'respond-async', 'wait', 'wait=soon', 'wait=-1', 'wait=1.5', 'awaits=10']) assert.equal(readPreferredWait(prefer), undefined, prefer);
});
