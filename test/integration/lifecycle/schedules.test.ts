import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, test } from 'node:test';
import { readKeyring } from '../../../platform/config-files.ts';
import { createTemporalClient } from '../../../platform/temporal-client.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { driftScheduleId, keepSchedules, sweepScheduleId } from '../../../workers/schedules.ts';
import { until } from '../../harness/until.ts';

const stack = attachToStack();
const { client, close } = createTemporalClient({
  ...stack.temporal,
  keyring: readKeyring('codec', stack.files.codecKeyring),
});
const taskQueue = `schedules-${randomUUID()}`;
const schedule = client.schedule.getHandle(driftScheduleId(taskQueue));
const told: string[] = [];
const ignore = (): void => undefined;
const logger = { debug: ignore, info: (message: string) => void told.push(message), warn: ignore, error: ignore };

after(async () => {
  await Promise.all(
    [driftScheduleId(taskQueue), sweepScheduleId(taskQueue)].map((id) => client.schedule.getHandle(id).delete()),
  );
  await close();
});

const intervals = async () => (await schedule.describe()).spec.intervals?.map(({ every }) => every);

test('a worker that starts with another interval updates the existing schedule, and leaves it paused', async () => {
  const stopFirst = keepSchedules({ client, taskQueue, driftEveryMs: 3_600_000, sweepEveryMs: 10_000, logger });
  await until('the schedule exists', async () => told.includes('created the schedule driftScan'));
  stopFirst();
  assert.deepEqual(await intervals(), [3_600_000]);
  await schedule.pause('an operator looks at something');

  const stopSecond = keepSchedules({ client, taskQueue, driftEveryMs: 7_200_000, sweepEveryMs: 20_000, logger });
  await until('both schedules are adjusted', async () =>
    ['7200 s', '20 s'].every((interval) => told.some((message) => message.endsWith(` ${interval}`))),
  );
  stopSecond();
  const { spec, state, action } = await schedule.describe();
  assert.deepEqual(
    spec.intervals?.map(({ every }) => every),
    [7_200_000],
  );
  assert.deepEqual([state.paused, state.note], [true, 'an operator looks at something']);
  assert.equal(action.type === 'startWorkflow' && action.workflowType, 'driftScan');
  const sweep = (await client.schedule.getHandle(sweepScheduleId(taskQueue)).describe()).action;
  assert.deepEqual(sweep.type === 'startWorkflow' && sweep.args, [{ turns: 60, everyMs: 20_000 }]);
});

test('a worker updates every setting of a schedule that an older build has made', async () => {
  const sweep = client.schedule.getHandle(sweepScheduleId(taskQueue));
  const asMade = await sweep.describe();
  await sweep.update(({ spec, action, state }) => ({
    spec,
    state,
    action: {
      type: 'startWorkflow',
      workflowType: 'sweepOfOld',
      taskQueue: action.taskQueue,
      args: [],
      workflowRunTimeout: '9m',
    },
    policies: { overlap: 'ALLOW_ALL', catchupWindow: '1h' },
  }));
  told.length = 0;
  const stop = keepSchedules({ client, taskQueue, driftEveryMs: 7_200_000, sweepEveryMs: 20_000, logger });
  await until('the schedule is adjusted', async () =>
    told.some((message) => message.startsWith('the schedule sweep was adjusted')),
  );
  stop();
  const { spec, action, policies } = await sweep.describe();
  assert.deepEqual({ spec, action, policies }, { spec: asMade.spec, action: asMade.action, policies: asMade.policies });
});
