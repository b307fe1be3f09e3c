import type { Argument, Command, Option } from 'commander';
import type { CommandContext } from '../../cli/command-context.ts';
import { environmentVariables } from '../../cli/config.ts';
import { createProgram, exitMeanings } from '../../cli/program.ts';
import { exitCodes } from '../../contracts/problem-type.ts';
import type { ExitCodeName } from '../../contracts/problem-type.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable, plainText } from './markdown.ts';

/** The program of the CLI, to be looked at, and what it writes. */
function programToRead(): { readonly program: Command; readonly written: () => string } {
  let text = '';
  const output = { write: (more: string) => (text += more), columns: 1_000 };
  // Of a command that is not run nothing else is asked.
  const context = { terminal: { stdout: output, stderr: output } } as unknown as CommandContext;
  return {
    program: createProgram(context),
    written() {
      const all = text;
      text = '';
      return all;
    },
  };
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

function visible(command: Command): Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .flatMap((child) => [child, ...visible(child)]);
}

const code = (text: string): string => `\`${text}\``;

function takes(choices: readonly string[] | undefined, fallback: unknown): string {
  return `${choices === undefined ? '' : ` One of ${choices.map(code).join(', ')}.`}${fallback === undefined ? '' : ` Default: ${code(plainText(fallback))}.`}`;
}

function sentence(text: string): string {
  const first = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return first.endsWith('.') ? first : `${first}.`;
}

function argumentRows(registered: readonly Argument[]): string[][] {
  return registered.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return [
      code(argument.required ? `<${name}>` : `[${name}]`),
      `${sentence(argument.description)}${takes(argument.argChoices, argument.defaultValue)}`,
    ];
  });
}

function optionRows(options: readonly Option[]): string[][] {
  return options
    .filter(({ hidden }) => !hidden)
    .map((option) => [
      code(option.flags),
      `${sentence(option.description)}${takes(option.argChoices, option.defaultValueDescription ?? option.defaultValue)}`,
    ]);
}

/** The part of the help that a command has written itself: examples and remarks. */
function ownHelp(command: Command, written: () => string): string {
  command.outputHelp();
  return written().replace(command.helpInformation(), '').trim();
}

function section(command: Command, written: () => string): string {
  const { registeredArguments, options } = command;
  return [
    `## ${pathOf(command)}`,
    sentence(command.description()),
    code(`${pathOf(command)} ${command.usage()}`),
    ...(registeredArguments.length === 0 ? [] : [markdownTable(['Argument', ''], argumentRows(registeredArguments))]),
    ...(options.length === 0 ? [] : [markdownTable(['Option', ''], optionRows(options))]),
    `\`\`\`text\n${ownHelp(command, written)}\n\`\`\``,
  ].join('\n\n');
}

/** The reference of the command line, from the program that parses it. The anchor of each command is its path. */
export function cliReference(): GeneratedFile {
  const { program, written } = programToRead();
  const commands = visible(program);
  return markdownPage('docs/reference/cli.md', 'cli/', [
    '# Command line',
    '`tenure` operates the tenants of an installation. Data goes to stdout, messages go to stderr. On a terminal what is waited for is one line that is rewritten; elsewhere each change of it is a JSON object on a line of its own on stderr: `time`, `operation`, `tenant`, `kind`, `state`, `done`, `total` and `step` of an operation, `time`, `rollout`, `template`, `version`, `state`, `wave` and the counts of a roll-out. Ctrl-C ends the waiting and not what was begun.',
    markdownTable(
      ['Command', 'What it does'],
      commands.map((command) => [
        `[${code(pathOf(command))}](#${pathOf(command).replaceAll(' ', '-')})`,
        sentence(command.summary()),
      ]),
    ),
    '# Options of every command',
    markdownTable(
      ['Option', ''],
      [...optionRows(program.options), [code('-h, --help'), 'What it does, with examples.']],
    ),
    '# Environment',
    markdownTable(
      ['Variable', ''],
      Object.entries(environmentVariables).map(([name, meaning]) => [code(name), sentence(meaning)]),
    ),
    'A flag goes before the environment, the environment before a context. Which context counts: `--context`; `TENURE_CONTEXT_NAME`, or `TENURE_CONTEXT` with the path of a file; `.tenure/context.json` of the folder; the one that `tenure context use` names; `.tenure/context.json` beside the program. The token of a context is sent to the server of that context only. `tenure config explain` says what is in effect, and why.',
    '# Exit codes',
    markdownTable(
      ['Exit', 'Name', 'Meaning'],
      Object.entries(exitMeanings).map(([name, meaning]) => [
        String(exitCodes[name as ExitCodeName]),
        name,
        sentence(meaning),
      ]),
    ),
    'Which [problem](problems.md) ends with which code is in the catalogue.',
    '# Commands',
    ...commands.map((command) => section(command, written)),
  ]);
}
