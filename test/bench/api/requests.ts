import { tenantManifest } from '../../harness/manifests.ts';
import type { Figure } from '../figure.ts';
import { benchReads } from '../read-bench.ts';
import type { RawServer } from '../floor-processes.ts';
import { requestsPerSecond, timesPerSecond, turnByTurn } from './load.ts';

export interface Served {
  readonly server: string;
  readonly raw: RawServer;
  readonly token: string;
  /** The names of a hundred existing Drafts. */
  readonly names: readonly string[];
}

const floorName = 'express + raw driver';

/** Reads of one tenant, and of the first hundred. */
export async function benchReading({ server, raw, token, names }: Served): Promise<Figure[]> {
  const headers = { authorization: `Bearer ${token}` };
  const one = await benchReads(server, raw.url, names[0] ?? '', token);
  const list = await turnByTurn(
    () => requestsPerSecond(`${server}/v1/tenants`, headers),
    () => requestsPerSecond(`${raw.url}/tenants`),
  );
  return [
    one,
    {
      name: 'list of 100 tenants',
      value: list.value,
      unit: '/s',
      floor: { name: floorName, value: list.floor },
      goal: { of: 'ratio', atLeast: 0.65 },
    },
  ];
}

/** Each connection changes the labels of its own tenant. */
export async function benchApplying({ server, raw, token, names }: Served): Promise<Figure> {
  let count = 0;
  const put = async (url: string, name: string, headers: Record<string, string>): Promise<void> => {
    const manifest = tenantManifest(name);
    const body = JSON.stringify({
      ...manifest,
      metadata: { ...manifest.metadata, labels: { turn: String((count += 1)) } },
    });
    const response = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  };
  const name = (who: number): string => names[who] ?? '';
  const { value, floor } = await turnByTurn(
    () =>
      timesPerSecond((who) =>
        put(`${server}/v1/tenants/${name(who)}`, name(who), { authorization: `Bearer ${token}`, 'if-match': '*' }),
      ),
    () => timesPerSecond((who) => put(`${raw.url}/tenants/${name(who)}`, name(who), {})),
  );
  return {
    name: 'apply of changed labels',
    value,
    unit: '/s',
    floor: { name: floorName, value: floor },
    goal: { of: 'ratio', atLeast: 0.45 },
  };
}
