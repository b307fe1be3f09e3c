import type { PlannedStep } from '../domain/step-plan.ts';

export type ShownState = 'pending' | 'running' | 'done' | 'undoing' | 'undone' | 'failed';

const marks: Readonly<Record<ShownState, string>> = {
  pending: '·',
  running: '▶',
  done: '✓',
  undoing: '◀',
  undone: '↺',
  failed: '✗',
};

export interface ShownStep {
  readonly state: ShownState;
  readonly result?: string;
}

/** The operation's steps as a Markdown table, for the Temporal UI. */
export function stepTable(
  plan: readonly PlannedStep[],
  shown: ReadonlyMap<string, ShownStep>,
  headline: string,
): string {
  const rows = plan.map((step) => {
    const { state, result = '' } = shown.get(step.key) ?? { state: 'pending' };
    return `| ${marks[state]} | ${step.title} | ${state} | ${result.replaceAll('|', '\\|')} |`;
  });
  return [headline, '', '| | step | state | result |', '|---|---|---|---|', ...rows].join('\n');
}
