import { Client, Connection } from '@temporalio/client';
import { MongoClient } from 'mongodb';
import { endpointOf } from '../../engines/isolation/cells.ts';
import { stepPlans } from '../../domain/step-plan.ts';
import type { ApiClient } from '../../client/api-client.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { tenantManifest } from '../harness/manifests.ts';
import { rawActivation } from './floor/raw-activation.ts';
import { percentile } from './figure.ts';
import type { Figure } from './figure.ts';
import type { FloorProcesses } from './floor-processes.ts';

const aloneRounds = 30;
const bursts = 3;
const atOnce = 32;

/** The activities of an activation: those that commit only run as local ones, those on the cell as ordinary ones. */
const shape: ('activity' | 'local')[] = ['local', ...stepPlans.activate.map((step) => (step.scope === 'control' ? ('local' as const) : ('activity' as const))), 'local'];

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Rates of several bursts; their median is what is reported. */
async function burstRate(one: (name: string) => Promise<unknown>): Promise<number> {
  const rates: number[] = [];
  for (let burst = 0; burst < bursts; burst += 1) {
    const ms = await elapsedMs(() => Promise.all(Array.from({ length: atOnce }, (_, index) => one(`b${burst}x${index}`))));
    rates.push(atOnce / (ms / 1000));
  }
  return percentile(rates, 0.5);
}

/** Create to Active, alone and 32 at once, each beside its floor, turn by turn, so that a noisy moment strikes both. */
export async function benchActivation(stack: EmbeddedStack, api: ApiClient, floor: FloorProcesses): Promise<Figure[]> {
  const connection = await Connection.connect({ address: stack.temporal.address });
  const temporal = new Client({ connection, namespace: stack.temporal.namespace });
  const control = new MongoClient(stack.mongod.control.adminUri);
  const cell = new MongoClient(stack.mongod['eu-west-1'].adminUri);
  const cellEndpoint = endpointOf(stack.mongod['eu-west-1'].adminUri);

  const activation = async (name: string): Promise<void> => {
    const { body } = await api.call('putTenant', { params: { name }, ifNoneMatch: '*', body: tenantManifest(name, { lifecycle: 'Active', placement: { preferredRegion: 'eu-west-1' } }) });
    if (!('operation' in body) || body.operation === undefined) throw new Error(`${name} was not accepted`);
    const { body: operation } = await api.call('waitOperation', { params: { id: body.operation.id }, query: { timeoutSeconds: 60 } });
    if (operation.state !== 'succeeded') throw new Error(`${name}: ${JSON.stringify(operation.error)}`);
  };
  const bare = (type: 'bareActivation' | 'oneActivity') => (id: string) =>
    temporal.workflow.execute(type, { taskQueue: floor.taskQueue, workflowId: `floor-${type}-${id}`, args: type === 'oneActivity' ? [] : [shape] });

  try {
    for (let round = 0; round < 5; round += 1) {
      await activation(`warm${round}`);
      await bare('bareActivation')(`warm${round}`);
      await rawActivation(control, cell, cellEndpoint, `warm${round}`);
    }
    const alone: number[] = [];
    const bareAlone: number[] = [];
    const rawAlone: number[] = [];
    for (let round = 0; round < aloneRounds; round += 1) {
      alone.push(await elapsedMs(() => activation(`alone${round}`)));
      bareAlone.push(await elapsedMs(() => bare('bareActivation')(`alone${round}`)));
      rawAlone.push(await elapsedMs(() => rawActivation(control, cell, cellEndpoint, `alone${round}`)));
    }
    const oneActivityRate = await burstRate(bare('oneActivity'));
    const activationRate = await burstRate(activation);
    return [
      {
        name: 'create → Active, alone, p50',
        value: percentile(alone, 0.5),
        unit: 'ms',
        floor: { name: 'bare workflow + raw commands', value: percentile(bareAlone, 0.5) + percentile(rawAlone, 0.5) },
        goal: { of: 'ratio', atMost: 1.5 },
      },
      { name: '  of it: the bare workflow', value: percentile(bareAlone, 0.5), unit: 'ms', goal: { of: 'none' } },
      { name: '  of it: the raw commands', value: percentile(rawAlone, 0.5), unit: 'ms', goal: { of: 'none' } },
      { name: 'create → Active, alone, p95', value: percentile(alone, 0.95), unit: 'ms', goal: { of: 'none' } },
      {
        name: `create → Active, ${atOnce} at once`,
        value: activationRate,
        unit: '/s',
        floor: { name: 'one-activity workflows', value: oneActivityRate },
        goal: { of: 'ratio', atLeast: 0.5 },
      },
    ];
  } finally {
    await Promise.all([connection.close(), control.close(), cell.close()]);
  }
}
