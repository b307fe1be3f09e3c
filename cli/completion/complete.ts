import type { Argument, Command, Option } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { ConnectionSources } from '../connection.ts';
import { sourceOfArgument, sourceOfOption } from './value-sources.ts';
import type { Asking, ValueSource } from './value-sources.ts';

/** Where the cursor is in a command line. */
export interface Position {
  /** The command that the words before the cursor name. */
  readonly command: Command;
  /** Its arguments so far, without options. */
  readonly operands: readonly string[];
  /** Values of options before the cursor, by commander's name for the option. */
  readonly options: ReadonlyMap<string, string>;
  /** What to complete: a value of this option, an option, or a subcommand or argument. */
  readonly wanted:
    | { readonly kind: 'value'; readonly option: Option }
    | { readonly kind: 'option' }
    | { readonly kind: 'operand'; readonly argument: Argument | undefined };
  /** The part of the last word to complete, and the part before it. */
  readonly current: string;
  readonly before: string;
}

/** The options of a command: its own, then those of the program. */
export function optionsOf(command: Command): readonly Option[] {
  return command.parent === null ? command.options : [...command.options, ...optionsOf(command.parent)];
}

/** Reads the words after the program's name; the last one, which may be empty, is the one at the cursor. */
function locate(program: Command, words: readonly string[]): Position {
  let command = program;
  let operands: string[] = [];
  let awaiting: Option | undefined;
  let operandsOnly = false;
  const options = new Map<string, string>();
  const find = (flag: string): Option | undefined =>
    optionsOf(command).find(({ short, long }) => flag === short || flag === long);

  for (const word of words.slice(0, -1)) {
    if (awaiting !== undefined) {
      options.set(awaiting.attributeName(), word);
      awaiting = undefined;
    } else if (operandsOnly) operands.push(word);
    else if (word === '--') operandsOnly = true;
    else if (word.startsWith('-')) {
      const [flag, value] = split(word);
      const option = find(flag);
      if (option === undefined) continue;
      if (value !== undefined) options.set(option.attributeName(), value);
      else if (option.required) awaiting = option;
      else options.set(option.attributeName(), 'true');
    } else {
      const child =
        operands.length > 0
          ? undefined
          : command.commands.find((candidate) => candidate.name() === word || candidate.alias() === word);
      if (child === undefined) operands.push(word);
      else {
        command = child;
        operands = [];
      }
    }
  }

  const last = words.at(-1) ?? '';
  const base = { command, operands, options };
  if (awaiting !== undefined)
    return { ...base, wanted: { kind: 'value', option: awaiting }, current: last, before: '' };
  const [flag, value] = split(last);
  if (!operandsOnly && value !== undefined && last.startsWith('-')) {
    const option = find(flag);
    if (option !== undefined) return { ...base, wanted: { kind: 'value', option }, current: value, before: `${flag}=` };
  }
  if (!operandsOnly && last.startsWith('-')) return { ...base, wanted: { kind: 'option' }, current: last, before: '' };
  const { registeredArguments } = command;
  const final = registeredArguments.at(-1);
  return {
    ...base,
    wanted: {
      kind: 'operand',
      argument: registeredArguments[operands.length] ?? (final?.variadic === true ? final : undefined),
    },
    current: last,
    before: '',
  };
}

function split(word: string): readonly [string, string?] {
  const at = word.indexOf('=');
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

/** What a shell can offer. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  /** Whether the shell adds file names. */
  readonly files: boolean;
  /** Whether the shell adds no space after a candidate, because the word continues. */
  readonly nospace: boolean;
}

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

export interface CompletionSources {
  /** The connection that the words before the cursor select. */
  readonly connection: (flags: ConnectionSources['flags']) => ConnectionSources;
  readonly connect: (flags: ConnectionSources['flags'], signal: AbortSignal) => ApiClient;
}

/** How long a completion waits for the API. */
const deadlineMs = 1_500;

/** Completes the last of the words. Never throws: values that cannot be found are not offered. */
export async function complete(
  program: Command,
  words: readonly string[],
  { connection, connect }: CompletionSources,
): Promise<Completion> {
  const position = locate(program, words);
  const { wanted, before, current, operands, options, command } = position;
  if (wanted.kind === 'option') return found(flagsFor(position).filter(({ value }) => value.startsWith(current)));
  const subcommands = wanted.kind === 'operand' && operands.length === 0 ? subcommandsOf(command) : [];
  const source =
    wanted.kind === 'value'
      ? sourceOfOption(wanted.option)
      : wanted.argument === undefined
        ? undefined
        : sourceOfArgument(command, wanted.argument);
  if (source === 'files') return { ...found([]), files: true };
  const flags = Object.fromEntries(
    ['server', 'tokenFile', 'caFile', 'context'].flatMap((name) =>
      options.has(name) ? [[name, options.get(name)]] : [],
    ),
  );
  const values = await valuesOf(source, {
    current,
    operands,
    sources: connection(flags),
    api: () => connect(flags, AbortSignal.timeout(deadlineMs)),
  });
  const candidates = [...subcommands, ...values.map((value) => ({ value, description: '' }))].filter(({ value }) =>
    value.startsWith(current),
  );
  // A path continues below a field that has fields.
  const nospace = command.name() === 'explain' && candidates.length > 0 && current.includes('.');
  return {
    ...found(candidates.map(({ value, description }) => ({ value: `${before}${value}`, description }))),
    nospace,
  };
}

function found(candidates: readonly Candidate[]): Completion {
  return { candidates, files: false, nospace: false };
}

async function valuesOf(source: ValueSource | undefined, asking: Asking): Promise<readonly string[]> {
  if (typeof source !== 'function') return [];
  try {
    return await source(asking);
  } catch {
    return [];
  }
}

function subcommandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => ({ value: child.name(), description: child.summary() }));
}

/** Options by their long names, without those that are given already and may be given once. */
function flagsFor({ command, options, current }: Position): readonly Candidate[] {
  const offered = optionsOf(command).filter(
    (option) => !option.hidden && (option.variadic || !options.has(option.attributeName())),
  );
  const all = [
    ...offered.map(({ short, long, description }) => ({ short, long, description })),
    { short: '-h', long: '--help', description: 'display help for command' },
  ];
  return all.flatMap(({ short, long, description }) => [
    ...(long === undefined ? [] : [{ value: long, description }]),
    // Short options are offered only after a single dash.
    ...(short === undefined || current !== short ? [] : [{ value: short, description }]),
  ]);
}
