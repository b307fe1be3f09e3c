import { exitCodes } from '../contracts/problem-type.ts';
import type { ExitCodeName } from '../contracts/problem-type.ts';

/** Ends a command: `report` is everything that is said about it on stderr (nothing where it is empty), the exit code says which kind of end it is. */
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

/** A command that cannot be run as it was given. */
export function usageFailure(message: string, fix: string): CliFailure {
  return new CliFailure('usage', `error: ${message}\nfix: ${fix}`);
}

/** Several failures as one, with all of their reports. Its exit is the worst of theirs: the one with the highest code. */
export function joinFailures(failures: readonly CliFailure[]): CliFailure {
  const worst = failures.map(({ exit }) => exit).reduce((a, b) => (exitCodes[b] > exitCodes[a] ? b : a));
  return new CliFailure(worst, failures.map(({ report }) => report).join('\n'));
}

/** What was found, or why the command line or its settings do not say. Anything else that goes wrong is thrown. */
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
