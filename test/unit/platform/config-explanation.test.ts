import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { explainSettings, renderExplanation } from '../../../platform/config-explanation.ts';
import { apiSettings, workerSettings } from '../../../platform/config.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;
let least: Readonly<Record<string, string>>;
describe('config explanation', () => {
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'tenure-settings-'));
    const file = (name: string, value: unknown): string => {
      const path = join(folder, name);
      writeFileSync(path, JSON.stringify(value), { mode: 0o600 });
      return path;
    };
    const keyring = { current: 'a', keys: { a: randomBytes(32).toString('base64') } };
    mkdirSync(join(folder, 'policy'));
    writeFileSync(join(folder, 'policy', 'policy.wasm'), '');
    least = {
      TENURE_INSTALLATION: 'tenure-test',
      TENURE_CONTROL_URI: 'mongodb://plane:canary-secret@127.0.0.1:27017',
      TENURE_CELLS_FILE: file('cells.json', { 'eu-west-1-a': { uri: 'mongodb://root:canary-secret@127.0.0.1' } }),
      TENURE_KEYRING_FILE: file('keyring.json', keyring),
      TENURE_CODEC_KEYRING_FILE: file('codec.json', keyring),
      TENURE_TEMPORAL_ADDRESS: '127.0.0.1:7233',
      TENURE_POLICY_BUNDLE: join(folder, 'policy'),
      TENURE_JWKS_FILE: file('jwks.json', { keys: [{ kty: 'OKP' }] }),
      TENURE_JWT_ISSUER: 'https://issuer.example',
      TENURE_JWT_AUDIENCE: 'tenure',
    };
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const [entry, schema] of [
    ['api/main.ts', apiSettings],
    ['workers/main.ts', workerSettings],
  ] as const) {
    const run = (environment: Readonly<Record<string, string>>) => {
      const { PATH = '' } = process.env;
      const { status, stdout, stderr } = spawnSync(process.execPath, [entry, '--explain-config'], {
        cwd: root,
        env: { PATH, ...environment },
        encoding: 'utf8',
      });
      return { status, stdout, stderr };
    };

    test(`${entry} --explain-config prints every setting with its origin, starts nothing, and shows no secret`, () => {
      const { status, stdout, stderr } = run({ ...least, TENURE_HOST: '0.0.0.0', TENURE_LOG_LEVEL: '' });
      assert.deepEqual([status, stderr], [0, '']);
      assert.deepEqual(
        stdout
          .trimEnd()
          .split('\n')
          .slice(1)
          .map((line) => line.split(/ +/)[0]),
        Object.keys(schema.shape),
      );
      assert.match(stdout, /^TENURE_HOST +0\.0\.0\.0 +environment$/m);
      assert.match(stdout, /^TENURE_LOG_LEVEL +info +default$/m);
      assert.match(stdout, /^TENURE_CONTROL_URI +\(hidden\) +environment$/m);
      assert.match(stdout, /^TENURE_FAILPOINT_DIR +- +not set$/m);
      assert.ok(!stdout.includes('canary'));
    });

    test(`${entry} --explain-config lists every flaw with its fix, and exits with code 2`, () => {
      const { status, stdout, stderr } = run({ TENURE_CONTROL_URI: 'canary://x:canary-secret@y', TENURE_HOST: 'h' });
      assert.equal(status, 2);
      assert.match(stderr, /^error: TENURE_INSTALLATION: is not set\nfix: set it: Name of this installation/m);
      assert.match(stderr, /^error: TENURE_CONTROL_URI: .*\nfix: correct it: Connection string/m);
      assert.match(stdout, /^TENURE_HOST +h +environment$/m, 'valid settings are still shown');
      assert.ok(!`${stdout}${stderr}`.includes('canary'));
    });
  }

  test('the files that settings name are read in the same way as by the process', () => {
    const flawOf = (name: string, path: string): string => {
      const { flaws } = renderExplanation(explainSettings(apiSettings, { ...least, [name]: path }));
      return flaws;
    };
    assert.equal(flawOf('TENURE_CELLS_FILE', least['TENURE_CELLS_FILE'] ?? ''), '');
    assert.match(
      flawOf('TENURE_CELLS_FILE', least['TENURE_KEYRING_FILE'] ?? ''),
      /^error: TENURE_CELLS_FILE: names a file with the wrong format: .*\nfix: correct it: Path of the cells file/,
    );
    assert.match(
      flawOf('TENURE_KEYRING_FILE', join(folder, 'gone')),
      /^error: TENURE_KEYRING_FILE: names a file that cannot be read/,
    );
    writeFileSync(join(folder, 'short.json'), '{"current": "a", "keys": {"a": "c2hvcnQ="}}', { mode: 0o600 });
    assert.match(flawOf('TENURE_CODEC_KEYRING_FILE', join(folder, 'short.json')), /every key must be 32 bytes/);
    chmodSync(join(folder, 'short.json'), 0o644);
    assert.match(
      flawOf('TENURE_CODEC_KEYRING_FILE', join(folder, 'short.json')),
      /^error: TENURE_CODEC_KEYRING_FILE: names a secret file that others can read \(mode 0644\): run chmod 600 /,
    );
    assert.match(flawOf('TENURE_JWKS_FILE', least['TENURE_CELLS_FILE'] ?? ''), /^error: TENURE_JWKS_FILE: /);
    assert.match(flawOf('TENURE_POLICY_BUNDLE', folder), /names a directory without policy\.wasm/);
    const gone = explainSettings(workerSettings, { ...least, TENURE_WORKFLOW_BUNDLE: join(folder, 'gone') });
    assert.match(renderExplanation(gone).flaws, /^error: TENURE_WORKFLOW_BUNDLE: names a file that does not exist/m);
  });
});
