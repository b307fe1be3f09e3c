import { setTimeout as delay } from 'node:timers/promises';
import { ApiError } from '../../client/api-error.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import { operationIn } from './answers.ts';
import type { Asker, Wish } from './asking.ts';
import type { Chance } from './chance.ts';
import type { Recollection } from './recollection.ts';
import { create, declaredTenant, templateName, wishFor, wishOf } from './wishes.ts';

export interface Callers {
  readonly asker: Asker;
  readonly recollection: Recollection;
  readonly chance: Chance;
  readonly tenantCount: number;
  /** When it is aborted, callers send no new requests, but still wait for the answers to earlier ones. */
  readonly stop: AbortSignal;
}

const readTimeoutMs = 4_000;
const waitSeconds = 2;
const followForMs = 20_000;
const followShare = 0.5;
const pauseMs = 300;
const betweenRolloutsMs = 4_000;
/** Of every roll-out, so that tenants whose operation is cancelled do not end it. */
const maxFailures = 1_000;

const signal = (): AbortSignal => AbortSignal.timeout(readTimeoutMs);

/** The tenant as one of the APIs shows it; `none` if it does not exist, `undefined` if the API does not say. */
async function look({ asker }: Callers, subject: string, name: string): Promise<Tenant | 'none' | undefined> {
  try {
    return (await asker.client(subject).call('getTenant', { params: { name }, signal: signal() })).body;
  } catch (error) {
    return error instanceof ApiError && error.code === 'not_found' ? 'none' : undefined;
  }
}

/** Waits for an operation to end, and records the final state that the API reports. */
export async function follow(
  { asker, recollection }: Pick<Callers, 'asker' | 'recollection'>,
  subject: string,
  { id, kind, tenant }: Operation,
): Promise<void> {
  const deadline = Date.now() + followForMs;
  while (Date.now() < deadline) {
    try {
      const { body } = await asker
        .client(subject)
        .call('waitOperation', { params: { id }, query: { timeoutSeconds: waitSeconds }, signal: signal() });
      if (!body.done) continue;
      recollection.ends.push({
        operation: id,
        kind,
        uid: tenant.uid,
        state: body.state as FinalOperationState,
        seenAt: Date.now(),
      });
      return;
    } catch {
      await delay(pauseMs);
    }
  }
}

/** Sends one request after another for random tenants, as people do who do not know of each other. */
export async function liveAsCaller(callers: Callers, subject: string): Promise<void> {
  const { asker, chance, tenantCount, stop } = callers;
  while (!stop.aborted) {
    const number = chance.whole(tenantCount);
    const seen = await look(callers, subject, declaredTenant(number).name);
    if (seen === undefined) {
      await delay(pauseMs);
      continue;
    }
    const wish: Wish = seen === 'none' ? create(number, chance) : wishOf(seen, chance);
    const { answers } = await asker.ask(subject, wish);
    const operation = answers.map(operationIn).find((one) => one !== undefined);
    if (operation !== undefined && chance.happens(followShare)) await follow(callers, subject, operation);
    await delay(chance.number(pauseMs));
  }
}

/** Declares one version of the template after another and rolls each out. Pauses, resumes or cancels some roll-outs. */
export async function liveAsTemplateOwner({ asker, chance, stop }: Callers, subject: string): Promise<void> {
  const about = { tenant: templateName };
  for (let version = 1; !stop.aborted; version += 1) {
    const body = {
      apiVersion,
      kind: 'TenantTemplate',
      metadata: { name: templateName },
      spec: { config: { version } },
    } as const;
    await asker.ask(
      subject,
      wishFor('putTemplate', { params: { name: templateName }, ifMatch: '*', body }, { ...about, what: 'new version' }),
    );
    const {
      answers: [started],
    } = await asker.ask(
      subject,
      wishFor(
        'startRollout',
        { params: { name: templateName }, body: { waves: [1, '100%'], maxFailures } },
        { ...about, what: 'roll-out' },
      ),
    );
    await delay(chance.number(betweenRolloutsMs));
    if (started === undefined) continue;
    const { id } = started.body as { id: string };
    if (chance.happens(0.4)) {
      await asker.ask(
        subject,
        wishFor('pauseRollout', { params: { id } }, { ...about, what: 'pause roll-out', isKeyed: false }),
      );
      await delay(chance.number(pauseMs));
      await asker.ask(subject, wishFor('resumeRollout', { params: { id } }, { ...about, what: 'resume roll-out' }));
    }
    await delay(chance.number(betweenRolloutsMs));
    if (chance.happens(0.4))
      await asker.ask(
        subject,
        wishFor('cancelRollout', { params: { id } }, { ...about, what: 'cancel roll-out', isKeyed: false }),
      );
  }
}
