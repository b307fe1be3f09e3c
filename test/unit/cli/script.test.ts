import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openTerminal, tab, untilShown } from '../../harness/terminal-session.ts';

const killLine = '\u0015';
const script = fileURLToPath(new URL('../../../tenure', import.meta.url));

let folder: string;
describe('script', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-script-'));
    mkdirSync(join(folder, 'bin'));
    mkdirSync(join(folder, 'tenure'));
    writeFileSync(
      join(folder, 'tenure', 'config.json'),
      JSON.stringify({ contexts: { prod: { server: 'http://prod:1' } } }),
    );
    symlinkSync(script, join(folder, 'bin', 'tenure'));
    symlinkSync(script, join(folder, 'linked'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The name under which the program reports that it was called. */
  function calledAs(command: string): string {
    const { PATH = '' } = process.env;
    const output = execFileSync('sh', ['-c', `${command} config explain -o json --server http://a:1`], {
      cwd: folder,
      env: { PATH: `${join(folder, 'bin')}:${PATH}`, TENURE_TOKEN: 't' },
      encoding: 'utf8',
    });
    const { items } = JSON.parse(output) as { items: { setting: string; value: string }[] };
    return items.find(({ setting }) => setting === 'called as')?.value ?? '';
  }

  test('suggested commands name the program as it was called', () => {
    assert.equal(calledAs('tenure'), 'tenure', 'found on the PATH, as an installed package is');
    assert.equal(calledAs('./linked'), './linked');
    assert.equal(calledAs('bin/tenure'), 'bin/tenure');
    assert.equal(calledAs(`"${script}"`), script);
  });

  test('Tab in a real bash completes a command, and the name of a context', async (context) => {
    const { PATH = '' } = process.env;
    const shell = openTerminal('exec bash --norc --noprofile -i', {
      cwd: folder,
      environment: { PATH, XDG_CONFIG_HOME: folder, PS1: 'ready> ', TERM: 'xterm' },
      columns: 120,
    });
    context.after(() => shell.close());
    shell.type(`source <("${script}" completion bash); echo it is  loaded\r`);
    await untilShown(shell, 'it is loaded');
    shell.type(`bin/tenure contex${tab}`);
    await untilShown(shell, 'bin/tenure context ');
    shell.type(`sho${tab}`);
    await untilShown(shell, 'bin/tenure context show ');
    shell.type(`pr${tab}\r`);
    await untilShown(shell, /Context: +prod/);
    shell.type(`bin/tenure --server http://127.0.0.1:1 wait tenant/acme --for=lifecycle=Act${tab}`);
    await untilShown(shell, 'tenant/acme --for=lifecycle=Active ');
    shell.type(`${killLine}bin/tenure wait --for condition=Ready=True ten${tab}`);
    await untilShown(shell, '--for condition=Ready=True tenant ');
    shell.type(`${killLine}exit\r`);
    assert.equal(await shell.ended, 0);
  });
});
