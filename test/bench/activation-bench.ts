import type { ApiClient } from '../../client/api-client.ts';
import { tenantManifest } from '../harness/manifests.ts';
import { elapsedMs } from './elapsed.ts';
import { percentile } from './figure.ts';
import type { Figure } from './figure.ts';
import { floorName } from './path-floor.ts';
import type { PathFloor } from './path-floor.ts';
import { scaled } from './scale.ts';

const warmRounds = 5;
const aloneRounds = scaled(30, 3);
const bursts = 3;
const atOnce = 32;

/** The number of workflows that the worker has run after this benchmark. */
export const activations = warmRounds + aloneRounds + bursts * atOnce;

/** How many a second, of as many as are begun at once. */
async function burstRate(burst: number, one: (name: string) => Promise<unknown>): Promise<number> {
  const ms = await elapsedMs(() =>
    Promise.all(Array.from({ length: atOnce }, (_, index) => one(`b${burst}x${index}`))),
  );
  return atOnce / (ms / 1000);
}

/**
 * From create to Active, alone and 32 at once, each measured alternately with its floor so that a noisy moment affects
 * both.
 */
export async function benchActivation(api: ApiClient, floor: PathFloor): Promise<Figure[]> {
  const activation = async (name: string): Promise<void> => {
    const { body } = await api.call('putTenant', {
      params: { name },
      ifNoneMatch: '*',
      body: tenantManifest(name, { lifecycle: 'Active', placement: { preferredRegion: 'eu-west-1' } }),
    });
    if (!('operation' in body) || body.operation === undefined) throw new Error(`${name} was not accepted`);
    const { body: operation } = await api.call('waitOperation', {
      params: { id: body.operation.id },
      query: { timeoutSeconds: 60 },
    });
    if (operation.state !== 'succeeded') throw new Error(`${name}: ${JSON.stringify(operation.error)}`);
  };

  for (let round = 0; round < warmRounds; round += 1) {
    await activation(`warm${round}`);
    await floor.tenant(`warm${round}`)('activate');
  }
  const alone: number[] = [];
  const bareAlone: number[] = [];
  const rawAlone: number[] = [];
  for (let round = 0; round < aloneRounds; round += 1) {
    alone.push(await elapsedMs(() => activation(`alone${round}`)));
    const { bareMs, rawMs } = await floor.tenant(`alone${round}`)('activate');
    bareAlone.push(bareMs);
    rawAlone.push(rawMs);
  }
  const floorRates: number[] = [];
  const rates: number[] = [];
  for (let burst = 0; burst < bursts; burst += 1) {
    floorRates.push(await burstRate(burst, (name) => floor.tenant(name)('activate')));
    rates.push(await burstRate(burst, activation));
  }
  return [
    {
      name: 'create → Active, alone, p50',
      value: percentile(alone, 0.5),
      unit: 'ms',
      floor: { name: floorName, value: percentile(bareAlone, 0.5) + percentile(rawAlone, 0.5) },
      goal: { of: 'ratio', atMost: 1.4 },
    },
    { name: '  of it: the bare workflow', value: percentile(bareAlone, 0.5), unit: 'ms', goal: { of: 'none' } },
    { name: '  of it: the raw commands', value: percentile(rawAlone, 0.5), unit: 'ms', goal: { of: 'none' } },
    { name: 'create → Active, alone, p95', value: percentile(alone, 0.95), unit: 'ms', goal: { of: 'none' } },
    {
      name: `create → Active, ${atOnce} at once`,
      value: percentile(rates, 0.5),
      unit: '/s',
      floor: { name: `${floorName}, ${atOnce} at once`, value: percentile(floorRates, 0.5) },
      goal: { of: 'ratio', atLeast: 0.6 },
    },
  ];
}
