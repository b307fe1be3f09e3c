import type { CommandForm } from './fit-command.ts';
import type { Probe } from './probe.ts';

/** What earlier verifications have found out about mongod. The keys begin with its version. */
export interface MongodBehaviour {
  /** The forms of commands, by the command's name. */
  readonly forms: Map<string, CommandForm>;
  /** What mongod refused to a user without rights: commands and pipelines. */
  readonly refused: Set<string>;
}

export const nothingKnown = (): MongodBehaviour => ({ forms: new Map(), refused: new Set() });

/**
 * A probe with its expectation; `probe` is undefined if its form is not known yet. What mongod has refused to a user
 * without rights before must be refused to the tenant too; it is examined again, as the first time, only if mongod does
 * not refuse it to the tenant.
 */
export async function expecting(
  key: string,
  { refused }: Pick<MongodBehaviour, 'refused'>,
  probe: Omit<Probe, 'expects' | 'examined'> | undefined,
  examine: () => Promise<Probe>,
): Promise<Probe> {
  async function examined(): Promise<Probe> {
    const found = await examine();
    if (found.expects === 'refused') refused.add(key);
    else refused.delete(key);
    return found;
  }
  return probe !== undefined && refused.has(key) ? { ...probe, expects: 'refused', examined } : examined();
}
