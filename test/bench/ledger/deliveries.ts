import { Agent, request } from 'undici';
import { apiVersion } from '../../../contracts/manifests/metadata.ts';
import { forEachConcurrent } from '../../../platform/each-at-most.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import type { Installation } from '../../harness/installation.ts';
import { until } from '../../harness/until.ts';
import { startReceiver } from '../../harness/webhook-receiver.ts';
import type { WebhookReceiver } from '../../harness/webhook-receiver.ts';
import { withInstallation } from '../bench-installation.ts';
import type { BenchInstallation } from '../bench-installation.ts';
import { elapsedMs } from '../elapsed.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { residentMb } from '../memory-bench.ts';
import { progress } from '../progress.ts';
import { scaled } from '../scale.ts';
import { atRate, commitEvents } from './committed-events.ts';

const backlog = scaled(20_000, 1_000);
const perCommit = 100;
const liveSeconds = scaled(30, 5);
const livePerSecond = 100;
const deadEndpoints = 10;

async function declare({ api }: BenchInstallation, name: string, url: string, enabled = true): Promise<void> {
  await api.call('putWebhook', {
    params: { name },
    ...(enabled && name === 'measured' ? { ifMatch: '*' } : { ifNoneMatch: '*' }),
    body: { apiVersion, kind: 'WebhookEndpoint', metadata: { name }, spec: { url, enabled } },
  });
}

/** Commits events at a steady rate. Returns the time from commit to receipt of each, in milliseconds. */
async function liveMs({ store }: Installation, receiver: WebhookReceiver): Promise<number[]> {
  const uid = store.newId();
  const committed = new Map<string, number>();
  const from = receiver.received.length;
  await atRate(livePerSecond, liveSeconds * livePerSecond, async () => {
    const [id = ''] = await commitEvents(store, uid, 1);
    committed.set(id, performance.now());
  });
  const got = (): string[] => receiver.received.slice(from).map(({ event }) => event.id);
  await until('all events are received', () => new Set(got()).size >= committed.size);
  return receiver.received.slice(from).flatMap(({ event: { id }, time }) => {
    const at = committed.get(id);
    return at === undefined ? [] : [Math.max(0, time - at)];
  });
}

/** What undici alone needs to post the same bodies to the same receiver, with as many at the same time. */
async function rawPerSecond(receiver: WebhookReceiver, bodies: readonly string[]): Promise<number> {
  const agent = new Agent({ pipelining: 1 });
  const took = await elapsedMs(() =>
    forEachConcurrent(20, bodies, async (body) => {
      const response = await request(receiver.url, { method: 'POST', body, dispatcher: agent });
      await response.body.dump();
    }),
  );
  await agent.close();
  return (1_000 * bodies.length) / took;
}

/** Webhooks: how many deliveries a second, how soon, and whether dead endpoints delay others. */
export function benchDeliveries(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(stack, async (bench) => {
    const { installation } = bench;
    const receiver = await startReceiver(204);
    try {
      progress(`delivering a backlog of ${backlog}`);
      await declare(bench, 'measured', receiver.url, false);
      const uid = installation.store.newId();
      for (let written = 0; written < backlog; written += perCommit)
        await commitEvents(installation.store, uid, perCommit);
      const before = residentMb(installation.worker.pid);
      const distinct = (): number => new Set(receiver.received.map(({ event }) => event.id)).size;
      const took = await elapsedMs(async () => {
        await declare(bench, 'measured', receiver.url);
        await until('the backlog is delivered', () => receiver.received.length >= backlog && distinct() >= backlog);
      });
      const after = residentMb(installation.worker.pid);
      const raw = await rawPerSecond(
        receiver,
        receiver.received.slice(0, 2_000).map(({ body }) => body),
      );

      progress('delivering events as they happen');
      await liveMs(installation, receiver);
      const alone = await liveMs(installation, receiver);
      progress(`the same beside ${deadEndpoints} dead endpoints`);
      for (let index = 0; index < deadEndpoints; index += 1)
        await declare(bench, `dead-${index}`, 'http://127.0.0.1:1/');
      await liveMs(installation, receiver);
      const beside = await liveMs(installation, receiver);
      return [
        {
          name: `deliveries of a backlog of ${backlog}`,
          value: (1_000 * backlog) / took,
          unit: '/s',
          floor: { name: 'undici alone', value: raw },
          goal: { of: 'value', atLeast: 1_000 },
        },
        {
          name: `from commit to receipt at ${livePerSecond}/s, p50`,
          value: percentile(alone, 0.5),
          unit: 'ms',
          goal: { of: 'value', atMost: 250 },
        },
        {
          name: `the same beside ${deadEndpoints} dead endpoints, p99`,
          value: percentile(beside, 0.99),
          unit: 'ms',
          floor: { name: 'without them', value: percentile(alone, 0.99) },
          goal: { of: 'ratio', atMost: 1.1 },
        },
        {
          name: 'worker, resident after the backlog',
          value: after,
          unit: 'MB',
          floor: { name: 'before it', value: before },
          goal: { of: 'ratio', atMost: 1.2 },
        },
      ];
    } finally {
      await receiver.close();
    }
  });
}
