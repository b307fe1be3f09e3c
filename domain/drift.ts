import type { ConditionUpdate } from './conditions.ts';

/** One difference between what is on a cell and what is declared. */
export interface DriftFinding {
  readonly part: 'claim' | 'collection' | 'validator' | 'index' | 'role' | 'user' | 'configuration';
  /**
   * `missing` and `wrong` are repaired. What the plane did not create is only reported: `foreign` is in the place of an
   * object of the tenant, `extra` is an additional one.
   */
  readonly kind: 'missing' | 'wrong' | 'foreign' | 'extra';
  /** Includes the database. */
  readonly name: string;
  /** For people. */
  readonly detail: string;
}

const namedAtMost = 5;

function named(findings: readonly DriftFinding[]): string {
  const list = findings.slice(0, namedAtMost).map(({ part, kind, name }) => `${kind} ${part} ${name}`);
  return list.join('; ') + (findings.length > namedAtMost ? ` and ${findings.length - namedAtMost} more` : '');
}

/**
 * Whether a reconciliation would stop at it: the plane changes neither what belongs to another nor a home that it has
 * not claimed.
 */
function blocksRepair({ kind, part }: DriftFinding): boolean {
  return kind === 'foreign' || part === 'claim';
}

/** What a reconciliation would repair: nothing if a finding would stop it. */
export function repairable(findings: readonly DriftFinding[]): DriftFinding[] {
  return findings.some(blocksRepair) ? [] : findings.filter(({ kind }) => kind !== 'extra');
}

/** The condition that reports the result of a scan. */
export function inSync(findings: readonly DriftFinding[]): ConditionUpdate {
  const drifted = findings.filter(({ kind }) => kind !== 'extra');
  if (drifted.some(blocksRepair))
    return {
      type: 'InSync',
      status: 'False',
      reason: 'OwnedByAnother',
      message: `not repaired until somebody has checked it: ${named(drifted)}`,
    };
  if (drifted.length > 0) return { type: 'InSync', status: 'False', reason: 'Drifted', message: named(drifted) };
  if (findings.length > 0)
    return {
      type: 'InSync',
      status: 'True',
      reason: 'ExtraObjects',
      message: `objects that the plane did not create are left alone: ${named(findings)}`,
    };
  return { type: 'InSync', status: 'True', reason: 'NoDrift', message: 'the cell matches the declaration' };
}
