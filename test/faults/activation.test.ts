import { after, before, test } from 'node:test';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { createTemporaryStack } from '../../tools/stack/temporary-stack.ts';
import { tenantManifest } from '../harness/manifests.ts';
import { acceptingFailpoints, undoFailpoints, workerFailpoints } from './failpoint-names.ts';
import { cancel, reset, sharedFaults, strikeAt, terminate, terminateOrphan, workerKill } from './faults.ts';
import type { Fault } from './faults.ts';
import { createLane } from './lane.ts';
import type { Lane } from './lane.ts';

/** Every fault at every failpoint with TENURE_FAULTS=all; else a spread of them. */
const everything = process.env['TENURE_FAULTS'] === 'all';
const laneCount = 3;

let stack: EmbeddedStack | undefined;
let lanes: Lane[] = [];
let tenants = 0;
before(async () => {
  const started = await createTemporaryStack({ temporalStorage: 'file' });
  stack = started;
  lanes = await Promise.all(Array.from({ length: laneCount }, () => createLane(started)));
});
after(async () => {
  await Promise.all(lanes.map((lane) => lane.stop()));
  await stack?.stop();
});

function running(): EmbeddedStack {
  if (stack === undefined) throw new Error('the stack has not been started');
  return stack;
}

const nextTenant = (): string => `t${(tenants += 1)}`;

function spread(fault: Fault, offset: number): { fault: Fault; failpoint: string }[] {
  const every = everything ? 1 : fault === workerKill ? 2 : 7;
  return workerFailpoints.filter((_, index) => index % every === offset % every).map((failpoint) => ({ fault, failpoint }));
}

/** Runs the cases over all lanes at once: most of each is waiting for time-outs. */
async function overLanes(cases: readonly { fault: Fault; failpoint: string }[], report: (name: string, run: () => Promise<void>) => Promise<void>): Promise<void> {
  const queue = [...cases];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const { fault, failpoint } = next;
        await report(`${fault.name} at ${failpoint}`, () => strikeAt(lane, running(), fault, failpoint, nextTenant()));
      }
    }),
  );
}

test('whoever dies or is ended, and wherever, an activation ends as declared and nothing is done twice', async (t) => {
  const cases = [...spread(workerKill, 0), ...spread(terminate, 0), ...spread(terminateOrphan, 3), ...spread(cancel, 1), ...spread(reset, 4)];
  await overLanes(cases, (name, run) => t.test(name, run));
});

test('an activation that fails is undone completely, wherever the worker dies on the way back', async (t) => {
  const refused = [{ name: 'shop', collections: [{ name: 'orders', jsonSchema: { bsonType: 'no such type' } }] }];
  const queue = undoFailpoints.filter((_, index) => everything || index % 3 === 0);
  await Promise.all(
    lanes.map(async (lane) => {
      for (let failpoint = queue.shift(); failpoint !== undefined; failpoint = queue.shift()) {
        const at = failpoint;
        await t.test(`SIGKILL worker at ${at}`, async () => {
          lane.arm(at, 'kill');
          const operation = await lane.activate(nextTenant(), { services: refused });
          await workerKill.strike(lane, running(), operation);
          await lane.expectEnd(operation, 'failed');
        });
      }
    }),
  );
});

test('the API may die before and after it accepts: what it committed runs, what it did not is not there', async (t) => {
  const [lane] = lanes;
  if (lane === undefined) throw new Error('no lane');
  for (const failpoint of acceptingFailpoints) {
    await t.test(`SIGKILL API at ${failpoint}`, async () => {
      const name = nextTenant();
      const { api } = lane.installation;
      lane.arm(failpoint, 'kill');
      if (failpoint === 'accept.before-commit') {
        const lost = await lane.installation.client().call('putTenant', { params: { name }, ifNoneMatch: '*', body: tenantManifest(name, { lifecycle: 'Active' }) }).catch((error: unknown) => error);
        if (!(lost instanceof Error)) throw new Error('the API was to die before it answered');
        await api.ended();
        if ((await lane.installation.store.resources.find('Tenant', name)) !== undefined) throw new Error('nothing was to be committed');
        api.start();
        await api.ready();
        await lane.expectEnd(await lane.activate(name), 'succeeded');
      } else {
        const operation = await lane.activate(name);
        await api.ended();
        api.start();
        await api.ready();
        await lane.expectEnd(operation, 'succeeded');
      }
    });
  }
});

test('a cell, the control database or Temporal may die in the middle, and Temporal may forget everything', async (t) => {
  const [lane] = lanes;
  if (lane === undefined) throw new Error('no lane');
  for (const [index, fault] of sharedFaults.entries()) {
    const points = everything ? workerFailpoints : workerFailpoints.filter((_, at) => at % 14 === (index * 3 + 4) % 14);
    for (const failpoint of points) await t.test(`${fault.name} at ${failpoint}`, () => strikeAt(lane, running(), fault, failpoint, nextTenant()));
  }
});
