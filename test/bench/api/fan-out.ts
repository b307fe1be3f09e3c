import { Agent, get } from 'node:http';
import type { ClientRequest } from 'node:http';
import type { Collection, Document } from 'mongodb';
import { until } from '../../harness/until.ts';
import { elapsedMs } from '../elapsed.ts';
import type { Figure } from '../figure.ts';
import { scaled } from '../scale.ts';
import { turnByTurn } from './load.ts';
import type { Served } from './requests.ts';

const watcherCount = scaled(500, 20);
const changeCount = scaled(200, 20);

interface Watchers {
  /** The number of events that all watchers together have received. */
  received(): number;
  close(): void;
}

/**
 * Opens connections that count the `data:` lines that contain `marker`. Nothing is parsed, so that the client costs
 * little.
 */
async function openWatchers(url: string, headers: Record<string, string>, marker: string): Promise<Watchers> {
  const agent = new Agent({ keepAlive: false, maxSockets: Infinity });
  let received = 0;
  let open = 0;
  const requests: ClientRequest[] = Array.from({ length: watcherCount }, () =>
    get(url, { agent, headers }, (response) => {
      if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
      let isOpen = false;
      let rest = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        if (!isOpen) open += 1;
        isOpen = true;
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.startsWith('data:') && line.includes(marker)) received += 1;
      });
      response.on('error', () => undefined);
    }).on('error', () => undefined),
  );
  await until('every watch is open', () => open === watcherCount, 30_000);
  return {
    received: () => received,
    close() {
      for (const request of requests) request.destroy();
      agent.destroy();
    },
  };
}

/** Changes of a tenant, sent to 500 watchers: how many events arrive per second at all watchers together. */
export async function benchFanOut(
  { server, raw, token, names }: Served,
  resources: Collection<Document & { _id: string }>,
): Promise<Figure> {
  const [name = ''] = names;
  const eventsPerSecond = async (url: string, headers: Record<string, string>): Promise<number> => {
    const watchers = await openWatchers(url, headers, `"${name}"`);
    try {
      const expected = watcherCount * changeCount;
      const tookMs = await elapsedMs(async () => {
        await resources.bulkWrite(
          Array.from({ length: changeCount }, () => ({
            updateOne: { filter: { kind: 'Tenant', name }, update: { $inc: { revision: 1 } } },
          })),
        );
        await until('every event is received', () => watchers.received() >= expected, 120_000);
      });
      return (expected * 1000) / tookMs;
    } finally {
      watchers.close();
    }
  };
  const { value, floor } = await turnByTurn(
    () => eventsPerSecond(`${server}/v1/tenants:watch`, { authorization: `Bearer ${token}` }),
    () => eventsPerSecond(`${raw.url}/watch`, {}),
  );
  return {
    name: `events to ${watcherCount} watchers`,
    value,
    unit: '/s',
    floor: { name: 'express + raw change stream', value: floor },
    goal: { of: 'ratio', atLeast: 0.6 },
  };
}
