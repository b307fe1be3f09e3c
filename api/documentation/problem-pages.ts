import { createHash } from 'node:crypto';
import { problemCodes, problems } from '../../contracts/problems.ts';
import { exitCodes } from '../../contracts/problem-type.ts';
import type { ProblemCode } from '../../contracts/problems.ts';
import type { ProblemType } from '../../contracts/problem-type.ts';

const style =
  'body{max-width:46rem;margin:3rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif;color:#1b1f24}code{font-family:ui-monospace,monospace}dt{font-weight:600;margin-top:.75rem}dd{margin:0}table{border-collapse:collapse}td,th{text-align:left;padding:.3rem 1rem .3rem 0;vertical-align:top}a{color:#0b57d0}';

/** The pages may load nothing except their own style. */
export const problemPagePolicy = {
  defaultSrc: ["'none'"],
  styleSrc: [`'sha256-${createHash('sha256').update(style).digest('base64')}'`],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
};

/** A problem of the catalogue, for programs. */
export interface DescribedProblem extends ProblemType {
  readonly type: string;
  readonly code: ProblemCode;
  readonly exitCode: number;
}

export function describedProblem(code: ProblemCode): DescribedProblem {
  const problem: ProblemType = problems[code];
  return { type: `/problems/${code}`, code, ...problem, exitCode: exitCodes[problem.exit] };
}

export function describedProblems(): { readonly items: readonly DescribedProblem[] } {
  return { items: problemCodes.map(describedProblem) };
}

/** The problem code with this name, if it is in the catalogue. */
export function problemCodeOf(name: string): ProblemCode | undefined {
  return problemCodes.find((code) => code === name);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function page(title: string, body: string): string {
  return `<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>${escaped(title)}</title>\n<style>${style}</style>\n</head>\n<body>\n${body}\n</body>\n</html>\n`;
}

const faults = { user: 'caller', system: 'operator' } as const;

export function problemPage(code: ProblemCode): string {
  const { title, status, exit, exitCode, fault, retryable, fix } = describedProblem(code);
  const facts: readonly (readonly [string, string])[] = [
    ['Code', `<code>${code}</code>`],
    ['Fix', escaped(fix)],
    ['Status', String(status)],
    ['Exit code of <code>tenure</code>', `${exitCode} (${exit})`],
    ['Fault', faults[fault]],
    ['Retryable', retryable ? 'yes, the same request can succeed later' : 'no'],
  ];
  return page(
    title,
    `<h1>${escaped(title)}</h1>\n<dl>\n${facts.map(([name, value]) => `<dt>${name}</dt><dd>${value}</dd>`).join('\n')}\n</dl>\n<p><a href="../problems">All problems</a></p>`,
  );
}

export function problemsPage(): string {
  const rows = describedProblems().items.map(
    ({ code, status, title }) =>
      `<tr><td><a href="problems/${code}"><code>${code}</code></a></td><td>${status}</td><td>${escaped(title)}</td></tr>`,
  );
  return page(
    'Problems',
    `<h1>Problems</h1>\n<p>Every error has a code. A code never changes its meaning.</p>\n<table>\n<tr><th>Code</th><th>Status</th><th>Title</th></tr>\n${rows.join('\n')}\n</table>`,
  );
}
