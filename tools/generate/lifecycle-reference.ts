import { lifecycleStates, operationKinds } from '../../contracts/lifecycle.ts';
import type { OperationKind } from '../../contracts/lifecycle.ts';
import { stateAfterCompensation, transitions } from '../../domain/lifecycle.ts';
import { stepPlans } from '../../domain/step-plan.ts';
import type { StepScope } from '../../domain/step-plan.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable } from './markdown.ts';

const scopes: Readonly<Record<StepScope, string>> = {
  control: 'control: commits with its checkpoint',
  cell: 'cell: bracketed by a committed intent and a committed outcome',
};

function pathSection(kind: OperationKind): string {
  return [
    `## ${kind}`,
    `Steps in order; what was done is undone in reverse, and the tenant is ${stateAfterCompensation(kind)} again.`,
    markdownTable(
      ['Step', 'Key', 'Title', 'Scope'],
      stepPlans[kind].map(({ key, title, scope }, index) => [String(index + 1), `\`${key}\``, title, scopes[scope]]),
    ),
  ].join('\n\n');
}

/** The reference of the transition table and of what each lifecycle path does. */
export function lifecycleReference(): GeneratedFile {
  const unreached = lifecycleStates.filter((state) => state !== 'Draft' && transitions.every(({ to }) => to !== state));
  return markdownPage('docs/reference/lifecycle.md', 'domain/lifecycle.ts and domain/step-plan.ts', [
    '# Lifecycle of a tenant',
    'A tenant begins as a Draft. These are all the ways it can go; anything else is refused as `transition_not_allowed`.',
    ['```mermaid', 'stateDiagram-v2', '  [*] --> Draft', ...transitions.map(({ from, to, path }) => `  ${from} --> ${to}: ${path}`), '```'].join('\n'),
    markdownTable(
      ['From', 'To', 'Path', 'When it fails or is cancelled'],
      transitions.map(({ from, to, path }) => [from, to, `[${path}](#${path})`, stateAfterCompensation(path)]),
    ),
    ...(unreached.length === 0 ? [] : [`The contract also names ${unreached.join(', ')}, to which no path of this version leads.`]),
    ...operationKinds.map(pathSection),
  ]);
}
