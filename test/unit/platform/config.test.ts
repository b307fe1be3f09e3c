import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { apiSettings, ConfigError, readApiConfig, readWorkerConfig, workerSettings } from '../../../platform/config.ts';
import { readCells, readJwks, readKeyring } from '../../../platform/config-files.ts';

const required = {
  TENURE_INSTALLATION: 'tenure-test',
  TENURE_CONTROL_URI: 'mongodb://u:p@127.0.0.1:27017',
  TENURE_CELLS_FILE: '/etc/tenure/cells.json',
  TENURE_KEYRING_FILE: '/etc/tenure/keyring.json',
  TENURE_CODEC_KEYRING_FILE: '/etc/tenure/codec.json',
  TENURE_TEMPORAL_ADDRESS: '127.0.0.1:7233',
  TENURE_POLICY_BUNDLE: '/etc/tenure/policy',
};
const apiRequired = {
  ...required,
  TENURE_JWKS_FILE: '/etc/tenure/jwks.json',
  TENURE_JWT_ISSUER: 'https://issuer.example',
  TENURE_JWT_AUDIENCE: 'tenure',
};
/** Optional settings without a default. */
const withoutDefault: ReadonlySet<string> = new Set([
  'TENURE_LOG_KEY_FILE',
  'TENURE_LOG_HEAD_FILE',
  'TENURE_FAILPOINT_DIR',
  'TENURE_JWT_ROLE_MAP',
  'TENURE_WEBHOOK_ALLOWED_RANGES',
  'TENURE_WORKFLOW_BUNDLE',
]);
const processes = [
  { name: 'API', read: readApiConfig, least: apiRequired, settings: apiSettings.shape },
  { name: 'worker', read: readWorkerConfig, least: required, settings: workerSettings.shape },
] as const;

/** The message of the ConfigError that `work` throws, or `undefined` when it throws none. */
function flaw(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return undefined;
}

for (const { name, read, least, settings } of processes) {
  describe(`the configuration of the ${name}`, () => {
    it('needs the required settings and no more', () => {
      const config: Record<string, unknown> = read(least);
      for (const [setting, value] of Object.entries(least)) assert.equal(config[setting], value);
      assert.deepEqual(
        Object.keys(config).toSorted(),
        Object.keys(settings)
          .filter((setting) => !withoutDefault.has(setting))
          .toSorted(),
      );
    });

    it('names each required setting that is not set, all at once', () => {
      assert.equal(
        flaw(() => read({})),
        `configuration: ${Object.keys(settings)
          .filter((setting) => setting in least)
          .map((setting) => `${setting} is not set`)
          .join('; ')}`,
      );
    });

    for (const setting of Object.keys(least)) {
      it(`names ${setting} when it alone is not set or empty`, () => {
        for (const value of [undefined, ''])
          assert.equal(
            flaw(() => read({ ...least, [setting]: value })),
            `configuration: ${setting} is not set`,
          );
      });
    }

    it('treats an empty optional setting as not set', () => {
      const empty = Object.fromEntries(
        Object.keys(settings)
          .filter((setting) => !(setting in least))
          .map((setting) => [setting, '']),
      );
      assert.deepEqual(read({ ...least, ...empty }), read(least));
    });

    it('never shows the value of a setting that is wrong', () => {
      const canary = fc.stringMatching(/^[A-Z][a-z0-9]{9,14}[ /:@!]?$/);
      fc.assert(
        fc.property(fc.constantFrom(...Object.keys(settings)), canary, (setting, value) => {
          const message = flaw(() => read({ ...least, [setting]: value }));
          if (message === undefined) return;
          assert.ok(message.includes(setting));
          assert.ok(!message.includes(value.slice(0, 10)), message);
        }),
      );
    });

    it('is described in the reference with every setting', () => {
      const reference = readFileSync(new URL('../../../docs/reference/configuration.md', import.meta.url), 'utf8');
      for (const setting of Object.keys(settings)) assert.ok(reference.includes(`| \`${setting}\` |`), setting);
    });
  });
}

describe('a setting', () => {
  const refused: readonly (readonly [string, string])[] = [
    ['TENURE_INSTALLATION', 'Not_A_Label'],
    ['TENURE_CONTROL_URI', 'http://127.0.0.1'],
    ['TENURE_CONTROL_DATABASE', 'Tenure'],
    ['TENURE_CONTROL_DATABASE', 'x'.repeat(39)],
    ['TENURE_TEMPORAL_ADDRESS', 'http://127.0.0.1:7233'],
    ['TENURE_TEMPORAL_ADDRESS', '127.0.0.1'],
    ['TENURE_LOG_LEVEL', 'verbose'],
    ['TENURE_API_PORT', '65536'],
    ['TENURE_API_PORT', '-1'],
    ['TENURE_API_PORT', 'http'],
    ['TENURE_API_PORT', '80.5'],
  ];
  for (const [setting, value] of refused) {
    it(`${setting} refuses ${value.slice(0, 30)}`, () =>
      assert.ok(flaw(() => readApiConfig({ ...apiRequired, [setting]: value }))?.includes(setting)));
  }

  it('that is a number is parsed as one', () => {
    assert.equal(readApiConfig({ ...apiRequired, TENURE_API_PORT: '0' }).TENURE_API_PORT, 0);
    assert.equal(readWorkerConfig({ ...required, TENURE_WORKER_OPS_PORT: '65535' }).TENURE_WORKER_OPS_PORT, 65_535);
  });
});

describe('a file that a setting names', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'tenure-config-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  function file(content: unknown, mode = 0o600): string {
    const path = join(directory, 'file.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    chmodSync(path, mode);
    return path;
  }
  const key = (bytes = 32): string => randomBytes(bytes).toString('base64');
  const keyring = (content: unknown) => readKeyring('TENURE_KEYRING_FILE', file(content));

  it('returns the keys of a keyring', () => {
    const keys = { old: key(), new: key() };
    const ring = keyring({ current: 'new', keys });
    assert.equal(ring.current, 'new');
    assert.deepEqual(Object.fromEntries([...ring.keys].map(([id, bytes]) => [id, bytes.toString('base64')])), keys);
  });

  const canary = 'c2VjcmV0LWNhbmFyeQ';
  const wrong: Readonly<Record<string, unknown>> = {
    'is not JSON': `{"current": "a", "keys": {"a": "${canary}"`,
    'has another structure': { current: 'a', keys: [canary] },
    'has an unknown field': { current: 'a', keys: { a: key() }, extra: canary },
    'has no current key': { current: 'b', keys: { a: key() } },
    'has a current key only by inheritance': { current: 'toString', keys: {} },
    'has a key that is not base64': { current: 'a', keys: { a: `${canary}!` } },
    'has a key of 31 bytes': { current: 'a', keys: { a: key(31) } },
    'has an old key of 16 bytes': { current: 'a', keys: { a: key(), b: key(16) } },
  };
  for (const [how, content] of Object.entries(wrong)) {
    it(`is refused when a keyring ${how}, and none of its content is shown`, () => {
      const message = flaw(() => keyring(content));
      assert.ok(message?.includes('TENURE_KEYRING_FILE'));
      assert.equal(message?.includes(canary), false);
    });
  }

  it('is read with the byte order mark of an editor, and refused in another encoding', () => {
    const content = JSON.stringify({ current: 'a', keys: { a: key() } });
    assert.equal(keyring(`\uFEFF${content}\r\n`).current, 'a');
    const path = join(directory, 'utf16.json');
    writeFileSync(path, Buffer.from(`\uFEFF${content}`, 'utf16le'));
    assert.match(
      flaw(() => readKeyring('TENURE_KEYRING_FILE', path)) ?? '',
      /TENURE_KEYRING_FILE names a file that cannot be read: .*utf-8/i,
    );
  });

  it('is named when it cannot be read', () => {
    const path = join(directory, 'absent.json');
    assert.ok(
      flaw(() => readKeyring('TENURE_CODEC_KEYRING_FILE', path))?.startsWith(
        `configuration: TENURE_CODEC_KEYRING_FILE names a file that cannot be read: `,
      ),
    );
  });

  it('with secrets may be readable by its owner and group only; any other mode is refused with the fix', () => {
    const ring = { current: 'a', keys: { a: key() } };
    for (const [setting, read] of [
      [
        'TENURE_CODEC_KEYRING_FILE',
        (path: string, access?: 'any') => readKeyring('TENURE_CODEC_KEYRING_FILE', path, access),
      ],
      ['TENURE_CELLS_FILE', readCells],
    ] as const) {
      const content = setting === 'TENURE_CELLS_FILE' ? { a: { uri: 'mongodb://a' } } : ring;
      for (const mode of [0o400, 0o600, 0o440, 0o640])
        assert.equal(
          flaw(() => read(file(content, mode))),
          undefined,
          mode.toString(8),
        );
      for (const mode of [0o644, 0o604, 0o444, 0o660, 0o602]) {
        const path = file(content, mode);
        const message = flaw(() => read(path)) ?? '';
        assert.ok(
          message.startsWith(`configuration: ${setting} names a secret file that others can `) &&
            message.includes(`(mode 0${mode.toString(8)}): run chmod 600 ${path}`),
          message,
        );
        assert.equal(
          flaw(() => read(path, 'any')),
          undefined,
        );
      }
    }
  });

  it('with the trusted keys may be readable by everybody, but not writable', () => {
    const jwks = { keys: [{ kty: 'OKP' }] };
    for (const mode of [0o444, 0o644, 0o664])
      assert.equal(
        flaw(() => readJwks(file(jwks, mode))),
        undefined,
        mode.toString(8),
      );
    assert.ok(
      flaw(() => readJwks(file(jwks, 0o666)))?.startsWith(
        'configuration: TENURE_JWKS_FILE names a file that others can change (mode 0666)',
      ),
    );
  });

  it('returns the cells, and refuses an address that is not a MongoDB URI without showing it', () => {
    const cells = { 'eu-west-1-a': { uri: 'mongodb://u:p@a' }, 'us-east-1-a': { uri: 'mongodb+srv://u:p@b' } };
    assert.deepEqual(Object.fromEntries(readCells(file(cells))), cells);
    const message = flaw(() => readCells(file({ 'eu-west-1-a': { uri: `http://u:${canary}@a` } })));
    assert.ok(message?.includes('TENURE_CELLS_FILE'));
    assert.equal(message?.includes(canary), false);
    assert.ok(flaw(() => readCells(file({ Cell: { uri: 'mongodb://a' } }))));
  });

  it('returns the issuer’s keys and requires at least one', () => {
    const jwks = { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'abc', kid: '1' }] };
    assert.deepEqual(readJwks(file(jwks)), jwks);
    assert.ok(flaw(() => readJwks(file({ keys: [] })))?.includes('TENURE_JWKS_FILE'));
  });
});
