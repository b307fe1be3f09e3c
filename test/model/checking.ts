import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { expectedTraces } from './cell-traces.ts';
import { afterAll, eventually, explain, viewOf } from './possible.ts';
import type { Exchange, View } from './possible.ts';
import type { TenantKey } from './request.ts';
import type { ModelRun, SettledTenant } from './run.ts';
import { viewOfTenant } from './wire.ts';
import { emptyWorld } from './world.ts';
import type { World } from './world.ts';

/** What the model knows: for each tenant, all worlds that are possible. */
export interface Model {
  readonly worlds: Map<TenantKey, readonly World[]>;
}

export function newModel(): Model {
  return { worlds: new Map() };
}

export function worldsOf(model: Model, tenant: TenantKey): readonly World[] {
  return model.worlds.get(tenant) ?? [emptyWorld];
}

/** The error for an answer that the model does not allow. */
export function diverged(worlds: readonly World[], exchanges: readonly Exchange[], when: string): Error {
  return new Error(`the model cannot explain this (${when})\n${explain(worlds, exchanges)}`);
}

/**
 * Updates the model with the answers to concurrent requests. @throws if no order of the requests explains the answers
 */
export function concluded(model: Model, exchanges: readonly Exchange[]): void {
  for (const tenant of new Set(exchanges.map(({ request }) => request.tenant))) {
    const about = exchanges.filter(({ request }) => request.tenant === tenant);
    const before = worldsOf(model, tenant);
    const worlds = afterAll(before, about);
    if (worlds.length === 0) throw diverged(before, about, `${about.length} at once`);
    model.worlds.set(tenant, worlds);
  }
}

/** Everything that is compared for an idle tenant: its view, and what the view does not show. */
interface Facts {
  readonly view: View | null;
  readonly deletedFrom?: string | null;
  readonly bound?: string | null;
  readonly owned?: { readonly lifecycle: boolean; readonly plan: boolean };
  readonly ready?: boolean;
  readonly blocked?: boolean;
}

function factsIn(world: World): Facts {
  const { tenant } = world;
  if (tenant === null) return { view: null };
  const { deletedFrom, bound, owned, state, hold } = tenant;
  return { view: viewOf(world), deletedFrom, bound, owned, ready: state === 'Active', blocked: hold !== null };
}

function factsOf(found: SettledTenant | undefined): Facts {
  if (found === undefined) return { view: null };
  const {
    document: { owners },
    shown,
  } = found;
  const isTrue = (type: string): boolean =>
    shown.status.conditions.some((condition) => condition.type === type && condition.status === 'True');
  return {
    view: viewOfTenant(shown),
    deletedFrom: shown.status.deletion?.from ?? null,
    bound: shown.status.plan?.name ?? null,
    owned: { lifecycle: owners.lifecycle !== undefined, plan: owners.plan !== undefined },
    ready: isTrue('Ready'),
    blocked: isTrue('DeletionBlocked'),
  };
}

async function endsAsTold(run: ModelRun, { ended }: World): Promise<boolean> {
  for (const [operation, end] of Object.entries(ended)) if ((await run.endOf(operation)) !== end) return false;
  return true;
}

/** Waits until the tenant is idle, and compares it with the model. */
export async function settle(model: Model, run: ModelRun, tenant: TenantKey): Promise<void> {
  const found = await run.settle(tenant);
  const facts = factsOf(found);
  const atRest = eventually(worldsOf(model, tenant)).filter((world) => (world.tenant?.operation ?? null) === null);
  const fitting: World[] = [];
  for (const world of atRest)
    if (isDeepStrictEqual(factsIn(world), facts) && (await endsAsTold(run, world)))
      fitting.push({ ...world, moved: false });
  if (fitting.length === 0) {
    const ends = await Promise.all(
      [...new Set(atRest.flatMap(({ ended }) => Object.keys(ended)))].map(
        async (id) => [id, await run.endOf(id)] as const,
      ),
    );
    const believed = atRest.map((world) => JSON.stringify({ ...factsIn(world), ended: world.ended }));
    throw new Error(
      `${run.name(tenant)} is idle in a state that the model does not allow\nfound:\n  ${JSON.stringify({ ...facts, ended: Object.fromEntries(ends) })}\nexpected one of:\n  ${believed.join('\n  ')}`,
    );
  }
  model.worlds.set(tenant, fitting);
  const uids = run.uids(tenant);
  for (const uid of uids) {
    const alive = uid === found?.shown.metadata.uid ? (fitting[0]?.tenant ?? null) : null;
    assert.deepEqual(
      await run.traces(uid),
      expectedTraces(alive),
      `traces of ${run.name(tenant)} (${uid}), ${alive?.state ?? 'purged'}`,
    );
  }
}
