import { operationKinds, transitions } from '../../contracts/lifecycle.ts';
import type { LifecycleState, OperationKind } from '../../contracts/lifecycle.ts';
import { mayPreempt } from '../../domain/lifecycle.ts';
import { stepsOf } from '../../domain/step-plan.ts';
import type { StepScope } from '../../domain/step-plan.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable } from './markdown.ts';

const scopes: Readonly<Record<StepScope, string>> = {
  control: 'control: committed together with its checkpoint',
  cell: 'cell: runs between a committed intent and a committed outcome',
};

function pathSection(kind: OperationKind): string {
  const ways = transitions.filter(({ path }) => path === kind).map(({ from, to }) => `${from} → ${to}`);
  const steps = stepsOf(kind);
  const pivot = steps.find((step) => step.pivot === true);
  return [
    `## ${kind}`,
    `${ways.join(', ')}. The steps run in this order. If the operation fails or is cancelled, finished steps are undone in reverse order and the tenant returns to its previous state.`,
    ...(pivot === undefined
      ? []
      : [`From step \`${pivot.key}\` on, the operation can no longer be undone or cancelled.`]),
    markdownTable(
      ['Step', 'Key', 'Title', 'Scope'],
      steps.map(({ key, title, scope }, index) => [String(index + 1), `\`${key}\``, title, scopes[scope]]),
    ),
  ].join('\n\n');
}

function preemptable(path: OperationKind, from: LifecycleState): string {
  const by = operationKinds.filter((other) => mayPreempt(other, { kind: path, from }));
  return by.length === 0 ? '–' : by.join(', ');
}

/** The reference of the transition table and the steps of each lifecycle path. */
export function lifecycleReference(): GeneratedFile {
  return markdownPage('docs/reference/lifecycle.md', 'contracts/lifecycle.ts and domain/step-plan.ts', [
    '# Lifecycle of a tenant',
    'A new tenant is a Draft. The following transitions are allowed; any other is refused with `transition_not_allowed`.',
    [
      '```mermaid',
      'stateDiagram-v2',
      '  [*] --> Draft',
      ...transitions.map(({ from, to, path }) => `  ${from} --> ${to === 'Purged' ? '[*]' : to}: ${path}`),
      '```',
    ].join('\n'),
    markdownTable(
      ['From', 'To', 'Path', 'Can be preempted by'],
      transitions.map(({ from, to, path }) => [from, to, `[${path}](#${path})`, preemptable(path, from)]),
    ),
    'A preempting path cancels the running operation, waits as `pending` until that operation has been undone, and then takes over its lock. A tenant deleted as a Draft is undeleted to Draft, and one deleted as Archived to Archived.',
    ...operationKinds.map(pathSection),
  ]);
}
