import { seededName, teams } from './seeded-tenants.ts';

export const pageSize = 100;

/**
 * One kind of list query, slightly different each time. `least` is the minimum number of tenants in the answer, for a
 * registry of this size.
 */
interface ListQuestion {
  readonly name: string;
  query(turn: number, tenants: number): string;
  least(tenants: number): number;
}

/** The number of tenants on a page: as many as fit, or all if there are fewer. */
const pageOf = (count: number): number => Math.min(pageSize, Math.floor(count));

export const listQuestions: readonly ListQuestion[] = [
  { name: 'without filter', query: () => '', least: (tenants) => pageOf(tenants * 0.9) },
  {
    name: 'by labels',
    query: (turn) => `labelSelector=env%3Dprod,team%3Dt${turn % teams}`,
    least: (tenants) => pageOf((tenants / teams) * 0.4),
  },
  {
    name: 'by a rare label',
    query: (turn, tenants) => `labelSelector=owner%3Do${(turn * 7) % Math.ceil(tenants / 10)}&showDeleted=true`,
    least: () => 10,
  },
  {
    name: 'by state and plan',
    query: () => 'lifecycle=Suspended&plan=enterprise',
    least: (tenants) => pageOf(tenants * 0.05),
  },
  {
    name: 'by beginning of the name',
    query: (turn, tenants) => `namePrefix=${seededName((turn * 1_000) % tenants).slice(0, -3)}`,
    least: (tenants) => pageOf(Math.min(1_000, tenants) * 0.9),
  },
];

export interface ListTarget {
  readonly server: string;
  readonly token: string;
}

interface Page {
  readonly items: readonly unknown[];
  readonly nextPageToken?: string;
}

async function list({ server, token }: ListTarget, query: string): Promise<Page> {
  const response = await fetch(`${server}/v1/tenants?pageSize=${pageSize}&${query}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const page = (await response.json()) as Page;
  if (!response.ok) throw new Error(`a list answered ${response.status}: ${JSON.stringify(page)}`);
  return page;
}

const warmTurns = 10;
/** One of this many turns reads the page after the previous one. */
const followEvery = 4;

/** Latencies of one list in milliseconds, of first pages and of some pages after them. */
export async function listLatencies(
  target: ListTarget,
  { name, query, least }: ListQuestion,
  tenants: number,
  turns: number,
): Promise<number[]> {
  const samples: number[] = [];
  let following: string | undefined;
  for (let turn = -warmTurns; turn < turns; turn += 1) {
    const follows = turn % followEvery === 0 && following !== undefined;
    const first = query(turn + warmTurns, tenants);
    const began = performance.now();
    const page = await list(target, follows ? (following ?? '') : first);
    const ms = performance.now() - began;
    if (!follows && page.items.length < least(tenants))
      throw new Error(
        `a list ${name} of ${tenants} tenants has ${page.items.length}, expected at least ${least(tenants)}`,
      );
    following = follows || page.nextPageToken === undefined ? undefined : `${first}&pageToken=${page.nextPageToken}`;
    if (turn >= 0) samples.push(ms);
  }
  return samples;
}
