import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createInterface } from 'node:readline';

let folder: string;
const children: ChildProcess[] = [];
describe('end with npm', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-npm-'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: { start: 'node step.mjs' } }));
    const at = (path: string) => JSON.stringify(new URL(`../../../tools/${path}`, import.meta.url).href);
    // Like the first step: starts the command, and detects the end of npm.
    writeFileSync(
      join(folder, 'step.mjs'),
      `
    import { spawn } from 'node:child_process';
    import { onEndOfNpm } from ${at('process/end-with-npm.mjs')};
    const child = spawn(process.execPath, ['command.mjs'], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
    onEndOfNpm(() => child.kill('SIGTERM'));
    child.on('exit', () => process.exit());
    console.log(JSON.stringify({ step: process.pid, shell: process.ppid }));
  `,
    );
    writeFileSync(
      join(folder, 'command.mjs'),
      `
    import { runMain } from ${at('process/operator-error.ts')};
    await runMain(() => new Promise((resolve) => {
      const timer = setInterval(() => undefined, 1_000);
      process.on('SIGTERM', () => { clearInterval(timer); console.log('ended in order'); resolve(0); });
      console.log('runs');
    }));
  `,
    );
  });
  after(() => {
    children.forEach((child) => child.kill('SIGKILL'));
    rmSync(folder, { recursive: true });
  });

  const victims: Readonly<Record<string, (pids: { npm: number; shell: number; step: number }) => void>> = {
    'SIGTERM to npm': ({ npm }) => process.kill(npm, 'SIGTERM'),
    'SIGKILL to npm': ({ npm }) => process.kill(npm, 'SIGKILL'),
    'SIGKILL to the shell of npm': ({ shell }) => process.kill(shell, 'SIGKILL'),
    'SIGKILL to the first step': ({ step }) => process.kill(step, 'SIGKILL'),
  };

  for (const [name, strike] of Object.entries(victims)) {
    test(`${name}: the processes that the script started end too, in order`, async () => {
      const npm = spawn('npm', ['start', '--silent'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(npm);
      const lines: string[] = [];
      const reading = createInterface({ input: npm.stdout }).on('line', (line) => lines.push(line));
      const closed = once(reading, 'close');
      while (lines.length < 2) await once(reading, 'line');
      const { step, shell } = JSON.parse(lines.find((line) => line.startsWith('{')) ?? '') as {
        step: number;
        shell: number;
      };
      strike({ npm: npm.pid ?? 0, shell, step });
      // Every process that holds the pipe has ended.
      await closed;
      assert.equal(lines.at(-1), 'ended in order');
    });
  }
});
