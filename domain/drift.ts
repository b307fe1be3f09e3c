import type { ConditionUpdate } from './conditions.ts';

/** One way in which what stands on a cell is not what was declared. */
export interface DriftFinding {
  readonly part: 'claim' | 'collection' | 'validator' | 'index' | 'role' | 'user' | 'configuration';
  /** `missing` and `wrong` are mended; `extra` is what the plane has not made, which it only reports. */
  readonly kind: 'missing' | 'wrong' | 'extra';
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

/** What a reconciliation would mend; a claim is another's business, or gone: that nobody mends by himself. */
export function mendable(findings: readonly DriftFinding[]): DriftFinding[] {
  return findings.filter(({ kind, part }) => kind !== 'extra' && part !== 'claim');
}

/** The condition that says what a scan has found. */
export function inSync(findings: readonly DriftFinding[]): ConditionUpdate {
  const drifted = findings.filter(({ kind }) => kind !== 'extra');
  if (drifted.length > 0) return { type: 'InSync', status: 'False', reason: 'Drifted', message: named(drifted) };
  if (findings.length > 0) return { type: 'InSync', status: 'True', reason: 'ExtraObjects', message: `what the plane has not made is left alone: ${named(findings)}` };
  return { type: 'InSync', status: 'True', reason: 'NoDrift', message: 'everything on the cell is as declared' };
}
