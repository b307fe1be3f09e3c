import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';

/** One line of the outcome file. */
export interface TestOutcome {
  /** `<file relative to the clone>: <name>`, as listed in `test/skipped.json`. */
  readonly test: string;
  readonly skipped: boolean;
}

/** How long a test file took, including the start of its process. */
export interface FileDuration {
  readonly file: string;
  readonly seconds: number;
}

/**
 * A reporter for `node --test` that writes one JSON line for each finished test and for each finished file. The line of
 * a test says whether it ran, or was skipped or marked as todo.
 */
export default async function* reportOutcomes(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type === 'test:complete' && event.data.name === relative(process.cwd(), event.data.file ?? '')) {
      yield `${JSON.stringify({ file: event.data.name, seconds: event.data.details.duration_ms / 1000 } satisfies FileDuration)}\n`;
    }
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, file = '', skip, todo, details } = event.data;
    // A suite is not a test, and a file without tests is reported as a test with the name of the file.
    if (details.type === 'suite' || name === file || name === relative(process.cwd(), file)) continue;
    const skipped = (skip ?? false) !== false || (todo ?? false) !== false;
    yield `${JSON.stringify({ test: `${relative(process.cwd(), file)}: ${name}`, skipped } satisfies TestOutcome)}\n`;
  }
}
