import type { ConditionUpdate } from './conditions.ts';

/** One way in which what stands on a cell is not what was declared. */
export interface DriftFinding {
  readonly part: 'claim' | 'collection' | 'validator' | 'index' | 'role' | 'user' | 'configuration';
  /**
   * `missing` and `wrong` are mended. What the plane has not made it only reports: `foreign` stands where something of the
   * tenant's belongs, `extra` beside it.
   */
  readonly kind: 'missing' | 'wrong' | 'foreign' | 'extra';
  /** With its database. */
  readonly name: string;
  /** For people. */
  readonly detail: string;
}

const namedAtMost = 5;

function named(findings: readonly DriftFinding[]): string {
  const list = findings.slice(0, namedAtMost).map(({ part, kind, name }) => `${kind} ${part} ${name}`);
  return list.join('; ') + (findings.length > namedAtMost ? ` and ${findings.length - namedAtMost} more` : '');
}

/** Whether a reconciliation would be refused at it: the plane neither takes what is another's, nor a home that it has not claimed. */
function isInTheWay({ kind, part }: DriftFinding): boolean {
  return kind === 'foreign' || part === 'claim';
}

/** What a reconciliation would mend: nothing where something is in its way. */
export function mendable(findings: readonly DriftFinding[]): DriftFinding[] {
  return findings.some(isInTheWay) ? [] : findings.filter(({ kind }) => kind !== 'extra');
}

/** The condition that says what a scan has found. */
export function inSync(findings: readonly DriftFinding[]): ConditionUpdate {
  const drifted = findings.filter(({ kind }) => kind !== 'extra');
  if (drifted.some(isInTheWay))
    return {
      type: 'InSync',
      status: 'False',
      reason: 'OwnedByAnother',
      message: `not mended before somebody has looked at it: ${named(drifted)}`,
    };
  if (drifted.length > 0) return { type: 'InSync', status: 'False', reason: 'Drifted', message: named(drifted) };
  if (findings.length > 0)
    return {
      type: 'InSync',
      status: 'True',
      reason: 'ExtraObjects',
      message: `what the plane has not made is left alone: ${named(findings)}`,
    };
  return { type: 'InSync', status: 'True', reason: 'NoDrift', message: 'everything on the cell is as declared' };
}
