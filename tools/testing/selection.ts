import { globSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';

const groups = [
  'unit',
  'integration',
  'histories',
  'documents',
  'faults',
  'model',
  'chaos',
  'hostile',
  'interop',
] as const;
const unitDirectory = 'test/unit/';

/** What one run of the tests consists of. */
export interface TestSelection {
  /** Relative to the clone. */
  readonly files: readonly string[];
  /** For node's test runner as they are, for instance `--test-name-pattern=fence`. */
  readonly runnerArguments: readonly string[];
  /** Unit tests run without the stack. */
  readonly needsStack: boolean;
}

/** Reads the arguments of `npm test`: `--unit`, files, folders or globs, and options for node's test runner. */
export function selectTests(commandArguments: readonly string[], clone: string): TestSelection {
  const unitOnly = commandArguments.includes('--unit');
  const named = commandArguments.filter((argument) => !argument.startsWith('-'));
  const runnerArguments = commandArguments.filter((argument) => argument.startsWith('-') && argument !== '--unit');
  const patterns =
    named.length > 0
      ? named.map((name) => testPattern(clone, name))
      : groups.filter((group) => !unitOnly || group === 'unit').map((group) => `test/${group}/**/*.test.ts`);
  const files = globSync(patterns, { cwd: clone }).toSorted();
  return { files, runnerArguments, needsStack: !unitOnly && !files.every((file) => file.startsWith(unitDirectory)) };
}

function testPattern(clone: string, name: string): string {
  const path = relative(clone, resolve(clone, name));
  const isFolder = statSync(resolve(clone, name), { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? `${path}/**/*.test.ts` : path;
}
