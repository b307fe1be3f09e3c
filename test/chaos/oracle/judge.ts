import type { Recollection } from '../recollection.ts';
import type { Findings } from './finding.ts';
import { checkReplays, checkRequests } from './requests.ts';
import { checkRollouts } from './rollouts.ts';
import { checkSuspensions } from './suspensions.ts';
import type { Suspension } from './suspensions.ts';
import { checkTenants } from './tenants.ts';
import type { OracleParts } from './tenants.ts';

/** What the oracle has checked. */
export interface Judged {
  readonly suspensions: readonly Suspension[];
  /** The number of acknowledged requests that were sent again. */
  readonly replays: number;
}

const replayed = 100;

/**
 * Compares ledger, registry and cells with each other and with what callers and applications know. Call it when nothing
 * runs any more.
 */
export async function judge(parts: OracleParts, recollection: Recollection, findings: Findings): Promise<Judged> {
  const { installation } = parts;
  for (const trespass of recollection.trespasses) findings.add('trespass', trespass);
  const suspensions = await checkSuspensions(installation, recollection, findings);
  await checkTenants(parts, recollection, findings);
  await checkRollouts(installation, recollection, findings);
  await checkRequests(installation, recollection, findings);
  return { suspensions, replays: await checkReplays(recollection.asked, replayed, findings) };
}
