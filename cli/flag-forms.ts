import type { Command, Option } from 'commander';
import { optionsOf } from './completion/position.ts';
import { usageFailure } from './failure.ts';

/** Words for yes and no, as kubectl takes them. */
const truth: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'FALSE', 'false', 'False'].map((word) => [word, false])),
};

/** What kubectl calls otherwise. */
const otherNames: Readonly<Record<string, string>> = { '--filename': '--file' };

/** Flags of kubectl for what there is not here. */
const withoutMeaning: Readonly<Record<string, string>> = {
  '-n': 'namespaces',
  '--namespace': 'namespaces',
  '-A': 'namespaces',
  '--all-namespaces': 'namespaces',
};

/**
 * Writes options as the parser knows them: `-o=json`, `-wo=json` and `--wait=true` are taken as kubectl takes them. What is the value of an option, or stands
 * behind `--`, is left alone.
 * @throws CliFailure usage, for `--wait=maybe` and for flags of what there is not here
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
    const written = rewrite(command, word);
    normalized.push(...written);
    isValue = written.length === 1 && awaitsValue(command, written[0] ?? '');
  }
  return normalized;
}

function rewrite(command: Command, word: string): string[] {
  const at = word.indexOf('=');
  const given = at === -1 ? word : word.slice(0, at);
  const value = at === -1 ? undefined : word.slice(at + 1);
  const flag = otherNames[given] ?? given;
  const option = find(command, flag.startsWith('--') ? flag : `-${flag.at(-1)}`);
  const absent = withoutMeaning[flag.startsWith('--') ? flag : flag.slice(0, 2)];
  if (option === undefined && absent !== undefined)
    throw usageFailure(
      `${given} is not known: there are no ${absent} here`,
      'leave it out; a resource is named by its kind and name, such as tenant/acme',
    );
  if (value === undefined) return [flag];
  if (option === undefined || (!flag.startsWith('--') && !isGroup(command, flag))) return [word];
  if (option.required) return [flag, value];
  const isSet = truth[value];
  if (isSet === undefined)
    throw usageFailure(`${given} takes true or false, and is "${value}"`, `write ${given}, or leave it out`);
  return isSet ? [flag] : flag.startsWith('--') || flag.length === 2 ? [] : [flag.slice(0, -1)];
}

/** Whether a word such as `-wo` is flags, of which the last alone may take a value: what follows one that takes one is its value. */
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
