import type { Argument, Command, Option } from 'commander';

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
export function locate(program: Command, words: readonly string[]): Position {
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
      const child = operands.length > 0 ? undefined : command.commands.find((candidate) => candidate.name() === word);
      if (child === undefined) operands.push(word);
      else {
        command = child;
        operands = [];
      }
    }
  }

  const last = words.at(-1) ?? '';
  const here = { command, operands, options };
  if (awaiting !== undefined)
    return { ...here, wanted: { kind: 'value', option: awaiting }, current: last, before: '' };
  const [flag, value] = split(last);
  if (!operandsOnly && value !== undefined && last.startsWith('-')) {
    const option = find(flag);
    if (option !== undefined) return { ...here, wanted: { kind: 'value', option }, current: value, before: `${flag}=` };
  }
  if (!operandsOnly && last.startsWith('-')) return { ...here, wanted: { kind: 'option' }, current: last, before: '' };
  const { registeredArguments } = command;
  const final = registeredArguments.at(-1);
  return {
    ...here,
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
