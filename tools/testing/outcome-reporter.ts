import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** One line of the outcome file. */
export interface TestOutcome {
  /** `<file relative to the clone>: <name>`, as listed in `test/skipped.json`. */
  readonly test: string;
  readonly skipped: boolean;
}

/** How long a test file took: its process, or its tests if it shares one. */
export interface FileDuration {
  readonly file: string;
  readonly seconds: number;
}

/**
 * A reporter for `node --test` that writes one JSON line for each finished test and for each finished file. The line of
 * a test says whether it ran, or was skipped or marked as todo.
 */
export default async function* reportOutcomes(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  /** The seconds of a file's tests, until its process has ended. */
  const sums = new Map<string, number>();
  const durationOf = (file: string, seconds: number): string =>
    `${JSON.stringify({ file, seconds } satisfies FileDuration)}\n`;
  for await (const event of events) {
    if (event.type === 'test:complete' && event.data.nesting === 0) {
      const file = relative(process.cwd(), event.data.file ?? '');
      const seconds = event.data.details.duration_ms / 1000;
      if (event.data.name === file) {
        sums.delete(file);
        yield durationOf(file, seconds);
      } else sums.set(file, (sums.get(file) ?? 0) + seconds);
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file = '', skip, todo, details } = event.data;
    // A suite is not a test, and a file without tests is reported as a test with the name of the file.
    if (details.type === 'suite' || name === file || name === relative(process.cwd(), file)) continue;
    const skipped = (skip ?? false) !== false || (todo ?? false) !== false;
    yield `${JSON.stringify({ test: `${relative(process.cwd(), file)}: ${name}`, skipped } satisfies TestOutcome)}\n`;
  }
  for (const [file, seconds] of sums) yield durationOf(file, seconds);
}
