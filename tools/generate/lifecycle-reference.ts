import { operationKinds, transitions } from '../../contracts/lifecycle.ts';
import type { LifecycleState, OperationKind } from '../../contracts/lifecycle.ts';
import { mayPreempt } from '../../domain/lifecycle.ts';
import { stepsOf } from '../../domain/step-plan.ts';
import type { StepScope } from '../../domain/step-plan.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable } from './markdown.ts';

const scopes: Readonly<Record<StepScope, string>> = {
  control: 'control: commits with its checkpoint',
  cell: 'cell: bracketed by a committed intent and a committed outcome',
};

function pathSection(kind: OperationKind): string {
  const ways = transitions.filter(({ path }) => path === kind).map(({ from, to }) => `${from} → ${to}`);
  const steps = stepsOf(kind);
  const pivot = steps.find((step) => step.pivot === true);
  return [
    `## ${kind}`,
    `${ways.join(', ')}. Steps in order; when it fails or is cancelled, what was done is undone in reverse, and the tenant is where it was.`,
    ...(pivot === undefined ? [] : [`From \`${pivot.key}\` on it only goes forward and cannot be cancelled.`]),
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

/** The reference of the transition table and of what each lifecycle path does. */
export function lifecycleReference(): GeneratedFile {
  return markdownPage('docs/reference/lifecycle.md', 'contracts/lifecycle.ts and domain/step-plan.ts', [
    '# Lifecycle of a tenant',
    'A tenant begins as a Draft. These are all the ways it can go; anything else is refused as `transition_not_allowed`.',
    [
      '```mermaid',
      'stateDiagram-v2',
      '  [*] --> Draft',
      ...transitions.map(({ from, to, path }) => `  ${from} --> ${to === 'Purged' ? '[*]' : to}: ${path}`),
      '```',
    ].join('\n'),
    markdownTable(
      ['From', 'To', 'Path', 'May be preempted by'],
      transitions.map(({ from, to, path }) => [from, to, `[${path}](#${path})`, preemptable(path, from)]),
    ),
    'A path that preempts has the running operation cancelled, waits as `pending` until that has been undone, and takes its lock over. A tenant that was deleted as a Draft is undeleted to Draft, one that was Archived to Archived.',
    ...operationKinds.map(pathSection),
  ]);
}
