import { setTimeout as delay } from 'node:timers/promises';
import { createApiClient } from '../../client/api-client.ts';
import { ApiError, ApiUnreachable } from '../../client/api-error.ts';
import type { Installation } from '../harness/installation.ts';
import { tenantManifest } from '../harness/manifests.ts';
import type { Strike } from './strikes.ts';

/** A small write that was acknowledged: by which API, and when. */
export interface Heartbeat {
  readonly api: string;
  readonly at: number;
}

/** All small writes: those that were acknowledged, and how the others ended. */
export interface Heartbeats {
  readonly acknowledged: readonly Heartbeat[];
  readonly failures: readonly string[];
}

const intervalMs = 200;
const timeoutMs = 3_000;
/** Limits the load on a machine that is busy with something else. */
const mostAtOnce = 2;
/**
 * Each API writes to several tenants of its own in turn: one that an abandoned commit keeps locked does not count as an
 * outage of the plane.
 */
const tenantsPerApi = 4;

/** Declares the tenants. Then writes through every API to one of its tenants five times a second, until `stop`. */
export async function beat(
  { replicas, token, client }: Pick<Installation, 'replicas' | 'token' | 'client'>,
  stop: AbortSignal,
): Promise<{ readonly stopped: Promise<Heartbeats> }> {
  const name = (api: number, tenant: number): string => `heart-${api + 1}-${tenant + 1}`;
  for (const [api] of replicas.entries())
    for (let tenant = 0; tenant < tenantsPerApi; tenant += 1)
      await client().call('createTenant', { body: tenantManifest(name(api, tenant)) });
  const acknowledged: Heartbeat[] = [];
  const failures: string[] = [];

  async function write(api: number, count: number): Promise<void> {
    const server = replicas[api]?.server ?? '';
    const manifest = tenantManifest(name(api, count % tenantsPerApi));
    const body = { ...manifest, metadata: { ...manifest.metadata, labels: { beat: String(count) } } };
    const through = createApiClient({ server, token: () => token({ subject: 'heart@example.com' }), retryForMs: 0 });
    await through.call('putTenant', {
      params: { name: body.metadata.name },
      ifMatch: '*',
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    acknowledged.push({ api: `api ${api + 1}`, at: Date.now() });
  }

  async function beatOf(api: number): Promise<void> {
    let underWay = 0;
    for (let count = 1; !stop.aborted; count += 1) {
      if (underWay < mostAtOnce) {
        underWay += 1;
        // Not awaited: a write that gets no answer must not delay the next one.
        write(api, count)
          .catch(
            (error: unknown) =>
              void failures.push(
                error instanceof ApiError
                  ? error.code
                  : error instanceof ApiUnreachable
                    ? 'not reached'
                    : 'not answered in time',
              ),
          )
          .finally(() => (underWay -= 1));
      }
      await delay(intervalMs);
    }
    await delay(timeoutMs);
  }
  return { stopped: Promise.all(replicas.map((_, api) => beatOf(api))).then(() => ({ acknowledged, failures })) };
}

export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly worst: number;
}

export function quantilesOf(values: readonly number[]): Quantiles | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const p50 = sorted[Math.floor((sorted.length - 1) / 2)];
  const worst = sorted.at(-1);
  return p50 === undefined || worst === undefined ? undefined : { count: sorted.length, p50, worst };
}

/**
 * The time from each kill of this kind to the next write that any API acknowledged, in milliseconds. Leaves out a kill
 * if the control database was also unavailable for another reason in that time.
 */
export function untilNextWrite(
  heartbeats: readonly Heartbeat[],
  strikes: readonly Strike[],
  kind: Strike['victim']['kind'],
): number[] {
  const times = heartbeats.map(({ at }) => at).toSorted((a, b) => a - b);
  const outages = strikes.filter(({ victim }) => victim.kind === 'control');
  return strikes.flatMap((strike) => {
    const { victim, how, at } = strike;
    if (how !== 'kill' || victim.kind !== kind) return [];
    const next = times.find((time) => time > at);
    const isDisturbed = outages.some(
      (outage) => outage !== strike && outage.at < (next ?? Infinity) && (outage.over ?? Infinity) > at,
    );
    return next === undefined || isDisturbed ? [] : [next - at];
  });
}

/**
 * For each period of a second or more in which an API acknowledged nothing: how long it lasted after the API and the
 * control database ran again, in milliseconds.
 */
export function silences(heartbeats: readonly Heartbeat[], strikes: readonly Strike[], api: string): number[] {
  const times = heartbeats
    .filter((beat) => beat.api === api)
    .map(({ at }) => at)
    .toSorted((a, b) => a - b);
  const outages = strikes.filter(
    ({ victim, over }) => (victim.name === api || victim.kind === 'control') && over !== undefined,
  );
  return times.slice(1).flatMap((next, index) => {
    const last = times[index] as number;
    if (next - last < 1_000) return [];
    const begun = outages
      .filter(({ at, over }) => at < next && (over as number) > last)
      .map(({ over }) => Math.min(over as number, next));
    return [next - Math.max(last, ...begun)];
  });
}
