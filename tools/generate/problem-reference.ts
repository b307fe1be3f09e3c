import { problemType } from '../../cli/problem-type.ts';
import { problemCodes, problems } from '../../contracts/problems.ts';
import { exitCodes } from '../../contracts/problem-type.ts';
import type { ProblemCode } from '../../contracts/problems.ts';
import type { ProblemType } from '../../contracts/problem-type.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable } from './markdown.ts';

const faults = { user: 'caller', system: 'operator' } as const;

/** One line, or two if the command line words it for people who do not see the request. */
function fixes(code: ProblemCode, fix: string): string[] {
  const inTerminal = problemType(code).fix ?? fix;
  return inTerminal === fix ? [`- Fix: ${fix}`] : [`- Fix, by the API: ${fix}`, `- Fix, by \`tenure\`: ${inTerminal}`];
}

function section(code: ProblemCode): string {
  const { status, exit, fault, retryable, title, fix }: ProblemType = problems[code];
  return [
    `## ${code}`,
    `${title}.`,
    [
      `- Status: ${status}`,
      `- Exit code of \`tenure\`: ${exitCodes[exit]} (${exit})`,
      `- Fault: ${faults[fault]}`,
      `- Retryable: ${retryable ? 'yes, the same request can succeed later' : 'no'}`,
      ...fixes(code, fix),
    ].join('\n'),
  ].join('\n\n');
}

/** The reference of the problem catalogue. The anchor of each problem is its code. */
export function problemReference(): GeneratedFile {
  return markdownPage('docs/reference/problems.md', 'contracts/problems.ts', [
    '# Problems',
    'Every error has a code. A code never changes its meaning. The API returns it in an RFC 9457 problem document of type `/problems/<code>`. A failed operation has it under `error`; its status is the one that a response would have had. `tenure` exits with its exit code.',
    markdownTable(
      ['Code', 'Status', 'Exit', 'Fault', 'Retryable', 'Title'],
      problemCodes.map((code) => {
        const { status, exit, fault, retryable, title }: ProblemType = problems[code];
        return [
          `[${code}](#${code})`,
          String(status),
          String(exitCodes[exit]),
          faults[fault],
          retryable ? 'yes' : 'no',
          title,
        ];
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
