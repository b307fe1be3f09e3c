import type { FinalOperationState } from '../../contracts/operation-states.ts';
import { markdownTable } from '../../tools/generate/markdown.ts';
import { courses } from './courses.ts';
import type { Course } from './courses.ts';
import { everyFault } from './faults.ts';
import type { CaseResult } from './round.ts';

/** Where the report of the whole matrix is kept, relative to the clone. */
export const matrixDocument = 'docs/reference/fault-matrix.md';

const letters: Readonly<Record<FinalOperationState, string>> = { succeeded: 'S', cancelled: 'C', failed: 'F' };
export const failed = '✗';
const notApplicable = '·';

export interface MatrixRun {
  readonly results: readonly CaseResult[];
  readonly seed: number;
  readonly durationMs: number;
  readonly cores: number;
}

function sectionOf({ name, writes }: Course, letterOf: (key: string) => string): string {
  const rows = writes.map((write) => [
    write.name,
    ...everyFault.map((fault) =>
      write.failpoints.map((failpoint) => letterOf(keyOf(name, failpoint, fault.name))).join(''),
    ),
  ]);
  return `## ${name}\n\n${markdownTable(['Durable write', ...everyFault.map((fault) => fault.name)], rows)}`;
}

function keyOf(course: string, failpoint: string, fault: string): string {
  return [course, failpoint, fault].join('\n');
}

/** The whole matrix as a page of the reference. */
export function matrixReport({ results, seed, durationMs, cores }: MatrixRun): string {
  const found = new Map(
    results.map(({ case: { course, failpoint, fault }, end }) => [
      keyOf(course.name, failpoint, fault.name),
      end === undefined ? failed : letters[end],
    ]),
  );
  const failures = results.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
  const blocks = [
    '<!-- Written by `npm run test:faults` from what it has seen; run it again instead of editing this. -->',
    '# Fault matrix',
    [
      'Every lifecycle path, forward and back, with every durable write on its way. At each place a tenant’s operation is held,',
      'the fault strikes, and the operation goes on. What it leaves is compared with what is declared for the case: its end, the registry, the ledger',
      '(each step once, fences in order, states without a gap), locks and leases, secrets, and what stands on every cell.',
    ].join('\n'),
    markdownTable(
      ['', ''],
      [
        ['Command', '`npm run test:faults`'],
        ['Cases', `${results.length}, ${failures.length} of them not as declared`],
        ['Duration', `${Math.round(durationMs / 60_000)} min on ${cores} cores`],
        ['Order', `\`TENURE_FAULT_SEED=${seed}\``],
      ],
    ),
    [
      'A cell has one letter for each place around the write: before it and after it; where a step is one commit only, before it begins, before the commit,',
      `and after it. S: the operation succeeded. C: it was cancelled and undone. F: it failed and was undone. ${failed}: not as declared. ${notApplicable}: there is`,
      'nothing to strike yet. On a course that is cancelled or preempted the fault comes on top of that.',
    ].join('\n'),
    ...courses.map((course) => sectionOf(course, (key) => found.get(key) ?? notApplicable)),
    ...(failures.length === 0
      ? []
      : [`## Not as declared\n\n${failures.map(({ message }) => `- ${message.split('\n', 1)[0]}`).join('\n')}`]),
  ];
  return `${blocks.join('\n\n')}\n`;
}
