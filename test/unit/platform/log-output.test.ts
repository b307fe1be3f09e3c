import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

let folder: string;
let script: string;
describe('log output', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-log-'));
    script = join(folder, 'logs.mjs');
    const at = (path: string) => JSON.stringify(new URL(`../../../platform/${path}`, import.meta.url).href);
    // Logs the given number of lines of 1 kB, each in its own turn of the event loop, and prints how many were lost.
    writeFileSync(
      script,
      `
    import { createLogger } from ${at('logging.ts')};
    import { createMetrics } from ${at('metrics.ts')};
    const logger = createLogger({ service: 'api', level: 'info' });
    const metrics = createMetrics('api');
    for (let line = 0; line < Number(process.argv[2]); line += 1) {
      logger.info('a'.repeat(1_000));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const [{ value }] = (await metrics.registry.getSingleMetric('tenure_log_lines_lost_total').get()).values;
    console.log(JSON.stringify({ lost: value, rss: process.memoryUsage().rss }));
    process.exit(0);
  `,
    );
  });
  after(() => rmSync(folder, { recursive: true }));

  test(
    'a process whose log is on a full disk continues, and counts the lost lines',
    { skip: existsSync('/dev/full') ? false : 'there is no /dev/full here' },
    () => {
      const { status, stdout } = spawnSync('sh', ['-c', `exec "${process.execPath}" "${script}" 20 2>/dev/full`], {
        encoding: 'utf8',
      });
      assert.deepEqual([status, JSON.parse(stdout).lost], [0, 20]);
    },
  );

  test('a process whose log is no longer read continues', () => {
    const { status, stdout } = spawnSync(
      'sh',
      [
        '-c',
        `{ "${process.execPath}" "${script}" 2000 2>&3 3>&- | cat >"${folder}/out"; } 3>&1 | true; cat "${folder}/out"`,
      ],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0);
    assert.ok(JSON.parse(stdout).lost > 0);
  });

  test('lines for a late reader are queued up to a limit, and then lost', async () => {
    const child = spawn(process.execPath, [script, '4000'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    await new Promise((resolve) => child.stdout.once('end', resolve));
    child.stderr.destroy();
    const { lost } = JSON.parse(stdout) as { lost: number };
    // The lines that fit in the pipe and the queue are written; all others are lost.
    assert.ok(lost > 2_000 && lost < 4_000, String(lost));
  });

  test('a file gets every line', () => {
    const file = join(folder, 'log');
    const { status, stdout } = spawnSync(
      'sh',
      ['-c', `"${process.execPath}" "${script}" 50 2>"${file}"; wc -l <"${file}"`],
      { encoding: 'utf8' },
    );
    const [told = '', lines] = stdout.trim().split('\n');
    assert.deepEqual([status, JSON.parse(told).lost, Number(lines)], [0, 0, 50]);
  });
});
