import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createAwaitOutcome, longestWaitSeconds, readPreferredWait } from '../../../api/await-outcome.ts';
import type { AwaitOutcomeDependencies } from '../../../api/await-outcome.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import type { Store } from '../../../store/store.ts';

it('reads how long a caller wants to wait, also among other preferences', () => {
  for (const prefer of ['wait=10', 'respond-async, wait=10', 'wait="10"', ' WAIT = 10 ; foo, handling=lenient'])
    assert.equal(readPreferredWait(prefer), 10, prefer);
});

it('limits the wait to the maximum', () => {
  assert.equal(readPreferredWait('wait=86400'), longestWaitSeconds);
});

it('ignores a preference that it cannot read, as RFC 7240 requires', () => {
  for (const prefer of [undefined, '', 'respond-async', 'wait', 'wait=soon', 'wait=-1', 'wait=1.5', 'awaits=10'])
    assert.equal(readPreferredWait(prefer), undefined, prefer);
});

it('returns the 202 answer of an accepted change if its outcome cannot be read', async () => {
  const away = (): Promise<never> => Promise.reject(new TenureError('control_unavailable', 'away'));
  const dependencies: AwaitOutcomeDependencies = {
    store: {
      operations: { ...({} as Store['operations']), find: away },
      resources: { ...({} as Store['resources']), findByUid: away },
    },
    watch: { ended: away },
  };
  const awaitOutcome = createAwaitOutcome(dependencies);
  const answer = {
    status: 202,
    headers: { location: '/v1/operations/01hzzzzzzzzzzzzzzzzzzzzza1' },
    body: '{"operation":{}}',
    about: { operation: '01hzzzzzzzzzzzzzzzzzzzzza1' },
  };
  assert.deepEqual(await awaitOutcome(answer, { seconds: 5, doneStatus: 200, subject: 'alice' }), {
    ...answer,
    headers: { ...answer.headers, 'preference-applied': 'wait=5' },
  });
});
