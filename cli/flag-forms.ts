import type { Command, Option } from 'commander';
import { optionsOf } from './completion/complete.ts';
import { usageFailure } from './failure.ts';

/** Words for true and false, as in kubectl. */
const booleanValues: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false])),
};

/** Options with another name in kubectl. */
const otherNames: Readonly<Record<string, string>> = { '--filename': '--file' };

/** Flags of kubectl for concepts that Tenure does not have. */
const missingConcepts: Readonly<Record<string, string>> = {
  '-n': 'namespaces',
  '--namespace': 'namespaces',
  '-A': 'namespaces',
  '--all-namespaces': 'namespaces',
};

/**
 * Rewrites options for the parser, so that `-o=json`, `-wo=json` and `--wait=true` work as in kubectl. Values of options, and
 * everything after `--`, are not changed.
 * @throws CliFailure usage, for `--wait=maybe`, and for flags of concepts that Tenure does not have
 */
export function normalizeFlags(program: Command, argv: readonly string[]): string[] {
  const normalized: string[] = [];
  let command = program;
  let isValue = false;
  for (const [index, word] of argv.entries()) {
    if (!isValue && word === '--') return [...normalized, ...argv.slice(index)];
    if (isValue || !/^-./.test(word)) {
      const child = isValue ? undefined : command.commands.find((candidate) => candidate.name() === word);
      command = child ?? command;
      isValue = false;
      normalized.push(word);
      continue;
    }
    const rewritten = rewrite(command, word);
    normalized.push(...rewritten);
    isValue = rewritten.length === 1 && awaitsValue(command, rewritten[0] ?? '');
  }
  return normalized;
}

function rewrite(command: Command, word: string): string[] {
  const at = word.indexOf('=');
  const given = at === -1 ? word : word.slice(0, at);
  const value = at === -1 ? undefined : word.slice(at + 1);
  const flag = otherNames[given] ?? given;
  const option = find(command, flag.startsWith('--') ? flag : `-${flag.at(-1)}`);
  const missingConcept = missingConcepts[flag.startsWith('--') ? flag : flag.slice(0, 2)];
  if (option === undefined && missingConcept !== undefined)
    throw usageFailure(
      `unknown option ${given}: Tenure has no ${missingConcept}`,
      'remove it; a resource is identified by kind and name, such as tenant/acme',
    );
  if (value === undefined) return [flag];
  if (option === undefined || (!flag.startsWith('--') && !isGroup(command, flag))) return [word];
  if (option.required) return [flag, value];
  const isSet = booleanValues[value];
  if (isSet === undefined)
    throw usageFailure(`${given} takes true or false, not "${value}"`, `write ${given}, or remove it`);
  return isSet ? [flag] : flag.startsWith('--') || flag.length === 2 ? [] : [flag.slice(0, -1)];
}

/** Whether a word such as `-wo` is a group of flags. Only the last one may take a value; otherwise the rest is a value. */
function isGroup(command: Command, word: string): boolean {
  return word
    .slice(1, -1)
    .split('')
    .every((letter) => find(command, `-${letter}`)?.required === false);
}

function awaitsValue(command: Command, word: string): boolean {
  if (word.startsWith('--')) return find(command, word)?.required === true;
  return isGroup(command, word) && find(command, `-${word.at(-1)}`)?.required === true;
}

function find(command: Command, flag: string): Option | undefined {
  return optionsOf(command).find(({ short, long }) => flag === short || flag === long);
}

const fix = 'give it a value; if the value comes from a shell variable, check that the variable is set';

/**
 * Refuses empty values: an unset shell variable must not select every resource, or the current folder.
 * @throws CliFailure usage
 */
export function refuseEmptyValues(command: Command): void {
  const empty = optionsOf(command).find((option) => isEmpty(command.optsWithGlobals()[option.attributeName()]));
  if (empty !== undefined) throw usageFailure(`${empty.long ?? empty.flags} is empty`, fix);
  for (const [index, given] of command.args.entries()) {
    const { registeredArguments } = command;
    if (isEmpty(given))
      throw usageFailure(
        `the argument ${(registeredArguments[index] ?? registeredArguments.at(-1))?.name() ?? index + 1} is empty`,
        fix,
      );
  }
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) ? value.some(isEmpty) : typeof value === 'string' && value.trim() === '';
}
