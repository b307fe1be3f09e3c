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
/** Tests in this folder need no stack, and share a process. */
export const unitDirectory = 'test/unit/';

/** The tests of one run. */
export interface TestSelection {
  /** Relative to the clone. */
  readonly files: readonly string[];
  /** Passed unchanged to the test runner of Node, such as `--test-name-pattern=fence`. */
  readonly runnerArguments: readonly string[];
  /** False if only unit tests run. */
  readonly needsStack: boolean;
}

/** Reads the arguments of `npm test`: `--unit`, files, folders or globs, and options of the test runner of Node. */
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
