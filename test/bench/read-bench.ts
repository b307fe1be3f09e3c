import autocannon from 'autocannon';
import { percentile } from './figure.ts';
import type { Figure } from './figure.ts';

const seconds = 4;
const connections = 16;
const turns = 3;

async function requestsPerSecond(url: string, headers: Record<string, string> = {}): Promise<number> {
  const result = await autocannon({ url, headers, connections, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`);
  return result.requests.average;
}

/** Reads of one tenant against express with the raw driver, turn by turn. */
export async function benchReads(server: string, rawServer: string, tenant: string, token: string): Promise<Figure> {
  const ours: number[] = [];
  const raw: number[] = [];
  const authorization = `Bearer ${token}`;
  await requestsPerSecond(`${server}/v1/tenants/${tenant}`, { authorization });
  for (let turn = 0; turn < turns; turn += 1) {
    raw.push(await requestsPerSecond(`${rawServer}/tenant`));
    ours.push(await requestsPerSecond(`${server}/v1/tenants/${tenant}`, { authorization }));
  }
  return {
    name: 'GET of a tenant',
    value: percentile(ours, 0.5),
    unit: '/s',
    floor: { name: 'express + raw driver', value: percentile(raw, 0.5) },
    goal: { of: 'ratio', atLeast: 0.6 },
  };
}
