import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../harness/until.ts';
import { compareOutput } from './compare-output.ts';
import type { ProjectCopy } from './project-copy.ts';
import { readBlocks } from './read-blocks.ts';
import { readSteps } from './read-steps.ts';
import type { ShownCommand, Step } from './read-steps.ts';
import { openTerminal, runInTerminal } from './terminal.ts';
import type { TerminalSession } from './terminal.ts';

/** What was done with the blocks of a document. */
export interface Performed {
  readonly commands: number;
  readonly files: number;
}

const commandTimeoutMs = 60_000;
const startTimeoutMs = 120_000;

/** The note at the top of a document that names the command to start first. */
const needs = /^<!-- runs on: (?<command>.+) -->$/m;

/**
 * Does what a document says, in order, in a fresh copy of the project: writes its files, runs its commands, and checks
 * what they print. At the end, stops with Ctrl-C what it has started.
 * @throws AssertionError that names the line of the document
 */
export async function performDocument(document: string, { folder, environment }: ProjectCopy): Promise<Performed> {
  const markdown = readFileSync(join(folder, document), 'utf8');
  const steps = readSteps(readBlocks(markdown));
  const ids = new Map<string, string>();
  const running: TerminalSession[] = [];
  /** All differences are reported at the end, because later commands can usually run in spite of them. */
  const differences: string[] = [];

  async function start(commandLine: string, readyLine: string, where: string): Promise<TerminalSession> {
    const session = openTerminal(commandLine, { cwd: folder, environment });
    running.push(session);
    let exit: number | undefined;
    void session.ended.then((code) => (exit = code));
    await until(
      () => `${where}: "${commandLine}" prints "${readyLine}"; it printed:\n${session.screen()}`,
      () => {
        assert.equal(exit, undefined, `${where}: "${commandLine}" ended with ${exit}:\n${session.screen()}`);
        return session.screen().includes(readyLine);
      },
      startTimeoutMs,
    );
    return session;
  }

  function assertShown(
    shown: readonly string[],
    printed: readonly string[],
    numbersVary: boolean,
    where: string,
  ): void {
    const compared = compareOutput(shown, printed, { project: folder, numbersVary });
    if (!compared.same)
      differences.push(
        `${where}\n--- the document shows\n${compared.shown.join('\n')}\n+++ it printed\n${compared.printed.join('\n')}`,
      );
    for (const [shownId, id] of compared.ids) ids.set(shownId, id);
  }

  async function runCommand(
    { command, output, exit }: ShownCommand,
    numbersVary: boolean,
    line: number,
  ): Promise<void> {
    const where = `${document}:${line}: $ ${command}`;
    const commandLine = [...ids].reduce((text, [shownId, id]) => text.replaceAll(shownId, id), command);
    const result = await runInTerminal(commandLine, output, { cwd: folder, environment, timeoutMs: commandTimeoutMs });
    const isExpected = exit === 'failure' ? result.code !== 0 : result.code === exit;
    if (!isExpected)
      differences.push(`${where}\nended with ${result.code}, not with ${exit}:\n${result.lines.join('\n')}`);
    else if (output.length > 0) assertShown(output, result.lines, numbersVary, where);
  }

  async function perform(step: Step): Promise<void> {
    const where = `${document}:${step.line}`;
    if (step.does === 'write') writeFileSync(join(folder, step.file), step.text);
    else if (step.does === 'find')
      assert.ok(
        withoutIndent(readFileSync(join(folder, step.file), 'utf8')).includes(withoutIndent(step.text)),
        `${where}: ${step.file} does not contain this text`,
      );
    else if (step.does === 'run')
      for (const command of step.commands) await runCommand(command, step.numbersVary, step.line);
    else if (step.does === 'start') {
      const session = await start(step.command, step.output.at(-1) ?? '', where);
      // Only slow phases are announced, and which ones are slow differs in each run.
      const printed = session
        .screen()
        .split('\n')
        .filter((line) => !/^ {2}\S.* …$/.test(line));
      assertShown(step.output, printed, false, `${where}: $ ${step.command}`);
    }
  }

  try {
    const first = needs.exec(markdown)?.groups?.['command'];
    if (first !== undefined) await start(first, 'Ctrl-C stops everything', document);
    for (const step of steps) await perform(step);
  } finally {
    for (const session of running.toReversed()) {
      session.interrupt();
      await session.ended;
    }
  }
  assert.ok(differences.length === 0, differences.join('\n\n'));
  return {
    commands: steps.reduce(
      (sum, step) => sum + (step.does === 'run' ? step.commands.length : step.does === 'start' ? 1 : 0),
      0,
    ),
    files: steps.filter(({ does }) => does === 'write').length,
  };
}

function withoutIndent(text: string): string {
  return text.replaceAll(/^\s+/gm, '');
}
