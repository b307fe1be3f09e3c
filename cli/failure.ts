import { exitCodes } from '../contracts/problem-type.ts';
import type { ExitCodeName } from '../contracts/problem-type.ts';

/** Ends a command. `report` is printed on stderr, unless it is empty; `exit` names the exit code. */
export class CliFailure extends Error {
  readonly exit: ExitCodeName;
  readonly report: string;

  constructor(exit: ExitCodeName, report: string) {
    super(report);
    this.name = 'CliFailure';
    this.exit = exit;
    this.report = report;
  }
}

/** What went wrong, and how to fix it. */
export function failureWithFix(exit: ExitCodeName, message: string, fix: string): CliFailure {
  return new CliFailure(exit, `error: ${message}\nfix: ${fix}`);
}

/** A command line that cannot be run. */
export function usageFailure(message: string, fix: string): CliFailure {
  return failureWithFix('usage', message, fix);
}

/** Several failures as one, with all of their reports and the highest of their exit codes. */
export function joinFailures(failures: readonly CliFailure[]): CliFailure {
  const worst = failures.map(({ exit }) => exit).reduce((a, b) => (exitCodes[b] > exitCodes[a] ? b : a));
  return new CliFailure(worst, failures.map(({ report }) => report).join('\n'));
}

/** The value, or the failure that explains why there is none. Other errors are thrown. */
export function attempt<T>(
  find: () => T,
): { readonly found: T; readonly failure?: undefined } | { readonly found?: undefined; readonly failure: CliFailure } {
  try {
    return { found: find() };
  } catch (error) {
    if (error instanceof CliFailure) return { failure: error };
    throw error;
  }
}
