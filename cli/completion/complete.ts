import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import type { ConnectionSources } from '../connection.ts';
import { locate, optionsOf } from './position.ts';
import type { Position } from './position.ts';
import { sourceOfArgument, sourceOfOption } from './value-sources.ts';
import type { Asking, ValueSource } from './value-sources.ts';

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
