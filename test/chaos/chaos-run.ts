import { setTimeout as delay } from 'node:timers/promises';
import type { TenantAccess } from '../../contracts/tenant-access.ts';
import { apiVersion } from '../../contracts/manifests/metadata.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import type { Installation } from '../harness/installation.ts';
import { ended } from '../harness/lifecycle.ts';
import { declareBasics } from '../harness/manifests.ts';
import { liveAsApplication } from './applications.ts';
import { createAsker } from './asking.ts';
import type { Asker } from './asking.ts';
import { beat } from './availability.ts';
import type { Heartbeats } from './availability.ts';
import { liveAsCaller, liveAsTemplateOwner } from './callers.ts';
import { createChance } from './chance.ts';
import type { Chance } from './chance.ts';
import { createRecollection } from './recollection.ts';
import type { Recollection } from './recollection.ts';
import type { ChaosSettings } from './settings.ts';
import { strikeAround } from './strikes.ts';
import type { Strike } from './strikes.ts';
import { victimsOf } from './victims.ts';
import { declaredTenant, loadPlans, templateName } from './wishes.ts';

/** The brake is off: it would interfere with the load. */
export const chaosInstallation = {
  replicas: 2,
  settings: { TENURE_BRAKE_AT_LEAST: '1000000' },
} as const;

export interface ChaosRun {
  readonly recollection: Recollection;
  readonly strikes: readonly Strike[];
  readonly heartbeats: Heartbeats;
}

export interface ChaosOptions {
  readonly installation: Installation;
  /** Its processes are struck too, if it is given. */
  readonly stack?: EmbeddedStack;
  readonly settings: ChaosSettings;
  readonly tell: (line: string) => void;
}

/** Declares what the load needs, and activates its tenants. Called once per installation. */
export async function declareLoad(
  installation: Pick<Installation, 'client'>,
  { tenantsPerMode }: Pick<ChaosSettings, 'tenantsPerMode'>,
): Promise<void> {
  const api = installation.client();
  await declareBasics(api);
  for (const name of loadPlans.slice(1)) {
    await api.call('putPlan', {
      params: { name },
      ifNoneMatch: '*',
      body: {
        apiVersion,
        kind: 'Plan',
        metadata: { name },
        spec: { isolationModes: ['dedicated', 'schema', 'hybrid'], quotas: { tables: 100 } },
      },
    });
  }
  await api.call('putTemplate', {
    params: { name: templateName },
    ifNoneMatch: '*',
    body: { apiVersion, kind: 'TenantTemplate', metadata: { name: templateName }, spec: { config: { version: 0 } } },
  });
  const tenants = Array.from({ length: 3 * tenantsPerMode }, (_, number) => declaredTenant(number).manifest);
  await Promise.all(
    tenants.map(async (manifest) => {
      const { body } = await api.call('createTenant', {
        body: { ...manifest, spec: { ...manifest.spec, lifecycle: 'Active' } },
      });
      if (body.operation !== undefined) await ended(api, body.operation.id);
    }),
  );
}

/**
 * Runs callers and applications while processes are struck. Resolves when all processes run again, and callers and
 * applications have finished.
 */
export async function runChaos({
  installation,
  stack,
  settings: { seed, durationMs, longestPauseMs, tenantsPerMode, callers: callerCount },
  tell,
}: ChaosOptions): Promise<ChaosRun> {
  const recollection = createRecollection();
  const over = new AbortController();
  const stop = over.signal;
  let streams = 0;
  // Each has its own random numbers, so that an extra request of one does not change what another does.
  const nextChance = (): Chance => createChance(seed + 7_919 * (streams += 1));
  const asker = (): Asker => createAsker({ installation, recollection, chance: nextChance() });
  const tenantCount = 3 * tenantsPerMode;

  const heart = await beat(installation, stop);
  const opened = new Map<string, TenantAccess>();
  const living = [
    ...Array.from({ length: callerCount }, (_, number) =>
      liveAsCaller(
        { asker: asker(), recollection, chance: nextChance(), tenantCount, stop },
        `caller-${number}@example.com`,
      ),
    ),
    liveAsTemplateOwner(
      { asker: asker(), recollection, chance: nextChance(), tenantCount, stop },
      'templates@example.com',
    ),
    ...Array.from({ length: tenantCount }, (_, number) =>
      liveAsApplication(
        { asker: asker(), recollection, chance: nextChance(), opened, stop },
        declaredTenant(number).name,
      ),
    ),
  ];
  const striking = strikeAround({
    victims: victimsOf(installation, stack),
    chance: nextChance(),
    longestPauseMs,
    stop,
    tell,
  });
  await delay(durationMs);
  over.abort();
  const strikes = await striking;
  tell('all processes run again');
  await Promise.all(living);
  return { recollection, strikes, heartbeats: await heart.stopped };
}
