import type { Argument, Command, Option } from 'commander';
import type { CommandContext } from '../../cli/command-context.ts';
import { environmentVariables } from '../../cli/config.ts';
import { createProgram, exitMeanings } from '../../cli/program.ts';
import { exitCodes } from '../../contracts/problem-type.ts';
import type { ExitCodeName } from '../../contracts/problem-type.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable, plainText } from './markdown.ts';

/** The program of the CLI, for inspection, and its output. */
function programToRead(): { readonly program: Command; readonly written: () => string } {
  let text = '';
  const output = { write: (more: string) => (text += more), columns: 1_000 };
  // The command is not run, so nothing else is needed.
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

/** The part of the help that a command defines itself: examples and notes. */
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

/** The reference of the command line, generated from its parser. The anchor of each command is its path. */
export function cliReference(): GeneratedFile {
  const { program, written } = programToRead();
  const commands = visible(program);
  return markdownPage('docs/reference/cli.md', 'cli/', [
    '# Command line',
    '`tenure` manages the tenants of an installation. Data goes to stdout, messages go to stderr. On a terminal, progress is one line that is updated in place. Otherwise, each change is a JSON object on a separate line on stderr, with `time`, `operation`, `tenant`, `kind`, `state`, `done`, `total` and `step` for an operation, or `time`, `rollout`, `template`, `version`, `state`, `wave` and the counts for a roll-out. Ctrl-C stops waiting; it does not cancel the operation or roll-out.',
    markdownTable(
      ['Command', 'Description'],
      commands.map((command) => [
        `[${code(pathOf(command))}](#${pathOf(command).replaceAll(' ', '-')})`,
        sentence(command.summary()),
      ]),
    ),
    '# Global options',
    markdownTable(['Option', ''], [...optionRows(program.options), [code('-h, --help'), 'Show help with examples.']]),
    '# Environment',
    markdownTable(
      ['Variable', ''],
      Object.entries(environmentVariables).map(([name, meaning]) => [code(name), sentence(meaning)]),
    ),
    'Flags take precedence over the environment, and the environment over a context. The context is the first of: `--context`; `TENURE_CONTEXT_NAME`, or `TENURE_CONTEXT` with the path of a file; `.tenure/context.json` in the working directory; the context set with `tenure context use`; `.tenure/context.json` next to the program. The token of a context is sent only to the server of that context. `tenure config explain` shows the effective settings and where they come from.',
    '# Exit codes',
    markdownTable(
      ['Exit', 'Name', 'Meaning'],
      Object.entries(exitMeanings).map(([name, meaning]) => [
        String(exitCodes[name as ExitCodeName]),
        name,
        sentence(meaning),
      ]),
    ),
    'The [problem catalogue](problems.md) lists the exit code of each problem.',
    '# Commands',
    ...commands.map((command) => section(command, written)),
  ]);
}
