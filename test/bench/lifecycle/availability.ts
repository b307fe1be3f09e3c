import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createApiClient } from '../../../client/api-client.ts';
import type { ApiClient } from '../../../client/api-client.ts';
import { ApiError, ApiUnreachable } from '../../../client/api-error.ts';
import type { EmbeddedStack } from '../../../tools/stack/embedded-stack.ts';
import type { Installation } from '../../harness/installation.ts';
import { until } from '../../harness/until.ts';
import { withInstallation } from '../bench-installation.ts';
import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { declareDraft, takePath } from '../product-path.ts';
import { progress } from '../progress.ts';
import { scaled } from '../scale.ts';

const kills = scaled(20, 2);
const kinds = ['api', 'worker'] as const;
/**
 * Tenants that are written to all the time. The first of them are also suspended and resumed, so that workers commit
 * too.
 */
const tenants = Array.from({ length: 8 }, (_, index) => `available-${index}`);
const operated = tenants.slice(0, 4);
const timeoutMs = 3_000;
const betweenWritesMs = 20;
/** A transaction that is open for longer was left open by a killed process; no other transaction takes this long. */
const leftOpenMs = 1_000;
const settleMs = 500;

/** For each tenant, when the last acknowledged write was sent, and when it was answered. */
type Written = Map<string, { readonly sent: number; readonly answered: number }>;

function failureOf(error: unknown): string {
  return error instanceof ApiError
    ? error.code
    : error instanceof ApiUnreachable
      ? 'not reached'
      : 'not answered in time';
}

/** How many failures of each kind there are, for the progress lines. */
function tally(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `${names.filter((one) => one === name).length} ${name}`).join(', ');
}

/** Writes to every tenant through the APIs in turn, and runs operations, until it is stopped. */
function load(
  { replicas, token }: Pick<Installation, 'replicas' | 'token'>,
  stop: AbortSignal,
): { readonly written: Written; readonly failures: string[]; readonly stopped: Promise<unknown> } {
  const written: Written = new Map();
  const failures: string[] = [];
  const clients = replicas.map(({ server }) => createApiClient({ server, token: () => token(), retryForMs: 0 }));
  const through = (count: number): ApiClient => clients[count % clients.length] as ApiClient;

  async function write(name: string): Promise<void> {
    for (let count = 0; !stop.aborted; count += 1) {
      const sent = performance.now();
      const body = { reason: `case ${count}` };
      await through(count)
        .call('holdTenant', {
          params: { name },
          body,
          ifMatch: '*',
          idempotencyKey: randomUUID(),
          signal: AbortSignal.timeout(timeoutMs),
        })
        .then(() => written.set(name, { sent, answered: performance.now() }))
        .catch((error: unknown) => failures.push(failureOf(error)));
      await delay(betweenWritesMs);
    }
  }

  async function operate(name: string): Promise<void> {
    for (let count = 0; !stop.aborted; count += 1) {
      // It may fail because of a kill: it only makes the workers commit.
      await takePath(through(count), name, count % 2 === 0 ? 'suspend' : 'resume').catch(() => delay(betweenWritesMs));
    }
  }
  return { written, failures, stopped: Promise.all([...tenants.map(write), ...operated.map(operate)]) };
}

/**
 * After one kill: the time until any tenant, and until every tenant, is written to by a request that was sent after the
 * kill.
 */
interface Regained {
  readonly anyMs: number;
  readonly everyMs: number;
  readonly leftOpen: boolean;
}

async function kill(
  { replicas, control }: Pick<Installation, 'replicas' | 'control'>,
  written: Written,
  kind: (typeof kinds)[number],
  round: number,
): Promise<Regained> {
  const victim = replicas[round % replicas.length]?.[kind];
  if (victim === undefined) throw new TypeError('there is no process to kill');
  const at = performance.now();
  await victim.kill('SIGKILL');
  victim.start();
  const firstOf = new Map<string, number>();
  let leftOpen = false;
  const look = async (): Promise<boolean> => {
    for (const [name, { sent, answered }] of written)
      if (sent > at && !firstOf.has(name)) firstOf.set(name, answered - at);
    return firstOf.size === tenants.length;
  };
  const lookBehind = delay(leftOpenMs * 1.5).then(async () => {
    const open = await control
      .db('admin')
      .aggregate([
        { $currentOp: { allUsers: true, idleSessions: true } },
        { $match: { type: 'idleSession', 'transaction.timeOpenMicros': { $gt: leftOpenMs * 1_000 } } },
      ])
      .toArray();
    leftOpen = open.length > 0;
  });
  await until(() => `every tenant is written to; ${firstOf.size} are`, look, 120_000, 5);
  await lookBehind;
  await victim.ready();
  await delay(settleMs);
  const times = [...firstOf.values()];
  return { anyMs: Math.min(...times), everyMs: Math.max(...times), leftOpen };
}

function figuresOf(kind: (typeof kinds)[number], regained: readonly Regained[]): Figure[] {
  const killed = kind === 'api' ? 'an API killed' : 'a worker killed';
  const every = regained.map(({ everyMs }) => everyMs);
  const row = (
    name: string,
    values: readonly number[],
    share: number,
    goal: Figure['goal'] = { of: 'none' },
  ): Figure => ({ name: `${killed}, ${name}`, value: percentile(values, share), unit: 'ms', goal });
  const any = regained.map(({ anyMs }) => anyMs);
  return [
    row('to the next write, p50', any, 0.5),
    row('to the next write, worst', any, 1, { of: 'value', atMost: 10_000 }),
    row('until every tenant is written, p50', every, 0.5),
    row('until every tenant is written, worst', every, 1, { of: 'value', atMost: 10_000 }),
    {
      name: `  kills of ${regained.length} that left a transaction open`,
      value: regained.filter(({ leftOpen }) => leftOpen).length,
      unit: 'kills',
      goal: { of: 'none' },
    },
  ];
}

/** Two APIs and two workers under load. Again and again, one of them is killed at an arbitrary point. */
export function benchAvailability(stack: EmbeddedStack): Promise<Figure[]> {
  return withInstallation(
    stack,
    async ({ installation, api }) => {
      for (const name of tenants) {
        await declareDraft(api, name);
        if (operated.includes(name)) await takePath(api, name, 'activate');
      }
      const stop = new AbortController();
      const { written, failures, stopped } = load(installation, stop.signal);
      const regained: Record<(typeof kinds)[number], Regained[]> = { api: [], worker: [] };
      try {
        await until('every tenant is written to', () => written.size === tenants.length);
        for (let round = 0; round < kills; round += 1) {
          for (const kind of kinds) {
            progress(`availability: kill ${round + 1} of ${kills}, ${kind}`);
            failures.length = 0;
            const { anyMs, everyMs, leftOpen } = await kill(installation, written, kind, round);
            regained[kind].push({ anyMs, everyMs, leftOpen });
            progress(
              `availability: next write after ${anyMs.toFixed(0)} ms, every tenant after ${everyMs.toFixed(0)} ms${leftOpen ? ', a transaction was left open' : ''}; refused: ${tally(failures)}`,
            );
          }
        }
      } finally {
        stop.abort();
        await stopped;
      }
      return kinds.flatMap((kind) => figuresOf(kind, regained[kind]));
    },
    { replicas: 2 },
  );
}
