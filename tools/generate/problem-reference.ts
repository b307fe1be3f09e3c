import { problemCodes, problems } from '../../contracts/problems.ts';
import { exitCodes } from '../../contracts/problem-type.ts';
import type { ProblemCode } from '../../contracts/problems.ts';
import type { ProblemType } from '../../contracts/problem-type.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable } from './markdown.ts';

const faults = { user: 'the caller’s', system: 'the operator’s' } as const;

function section(code: ProblemCode): string {
  const { status, exit, fault, retryable, title, fix }: ProblemType = problems[code];
  return [
    `## ${code}`,
    `${title}.`,
    [
      `- Status: ${status}`,
      `- \`tenure\` exits with: ${exitCodes[exit]} (${exit})`,
      `- Fault: ${faults[fault]}`,
      `- Retryable: ${retryable ? 'yes, the same request may succeed later' : 'no'}`,
      `- Fix: ${fix}`,
    ].join('\n'),
  ].join('\n\n');
}

/** The reference of the problem catalogue. The anchor of each problem is its code. */
export function problemReference(): GeneratedFile {
  return markdownPage('docs/reference/problems.md', 'contracts/problems.ts', [
    '# Problems',
    'Everything that can go wrong has a code, and a code keeps its meaning for ever. The API answers with it as an RFC 9457 problem document of type `/problems/<code>`; an operation that failed has it under `error`, where the status is the one that an answer would have had; `tenure` exits with its exit code.',
    markdownTable(
      ['Code', 'Status', 'Exit', 'Fault', 'Retryable', 'Title'],
      problemCodes.map((code) => {
        const { status, exit, fault, retryable, title }: ProblemType = problems[code];
        return [`[${code}](#${code})`, String(status), String(exitCodes[exit]), fault, retryable ? 'yes' : 'no', title];
      }),
    ),
    ...problemCodes.map(section),
    '# Exit codes',
    markdownTable(
      ['Exit', 'Name'],
      Object.entries(exitCodes).map(([name, exit]) => [String(exit), name]),
    ),
  ]);
}
