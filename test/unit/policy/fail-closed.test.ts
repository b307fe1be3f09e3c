import assert from 'node:assert/strict';
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { AdmissionRequest, AuthorizationRequest } from '../../../contracts/policy.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { loadPolicyEngine } from '../../../engines/policy/policy-engine.ts';
import { policyEntrypoints } from '../../../engines/policy/bundle.ts';
import { compile, compiledPolicy, seal, temporaryDirectory } from './compiled.ts';
import { corpus } from './corpus.ts';

function unavailable(error: unknown): true {
  assert.ok(error instanceof TenureError);
  assert.equal(error.code, 'policy_unavailable');
  assert.ok(error.cause instanceof Error && error.cause.message !== '');
  return true;
}

function request(...roles: string[]): AuthorizationRequest {
  return {
    v: 1,
    now: '2026-11-21T10:00:00.000Z',
    action: 'tenant.get',
    actor: { subject: 'alice', roles },
    target: { kind: 'Tenant' },
  };
}

const admission =
  'package tenure.admission\n\ndecision := {"allow": true, "deny": [], "obligations": [], "rules": []}\n';
const yields = (decision: string) => `package tenure.authz\n\ndecision := ${decision}\n`;
const denial = '{"rule": "a.b", "message": "m", "fix": "f"}';

describe('a policy without a valid decision allows nothing', () => {
  const answers = [
    {
      name: 'an abort, which the host throws as a string',
      authz: `${yields('{"allow": true, "deny": [], "obligations": [], "rules": [key | some key, _ in conflict]}')}conflict["x"] := role if some role in input.actor.roles`,
    },
    {
      name: 'a builtin that the host lacks, thrown as a plain object',
      authz: yields('{"allow": time.now_ns() > 0, "deny": [], "obligations": [], "rules": []}'),
    },
    {
      name: 'more memory than allowed',
      authz: yields('{"allow": count(numbers.range(1, 50000000)) > 0, "deny": [], "obligations": [], "rules": []}'),
    },
    {
      name: 'an empty result set',
      authz: yields('{"allow": true, "deny": [], "obligations": [], "rules": []} if input.absent'),
    },
    {
      name: 'an unknown obligation',
      authz: yields('{"allow": true, "deny": [], "obligations": [{"id": "sing"}], "rules": []}'),
    },
    {
      name: 'allow together with a denial',
      authz: yields(`{"allow": true, "deny": [${denial}], "obligations": [], "rules": []}`),
    },
    {
      name: 'no allow and no denial',
      authz: yields('{"allow": false, "deny": [], "obligations": [], "rules": []}'),
    },
    { name: 'a bare boolean', authz: yields('true') },
    { name: 'null', authz: yields('null') },
    {
      name: 'allow as a string',
      authz: yields('{"allow": "true", "deny": [], "obligations": [], "rules": []}'),
    },
    { name: 'a missing field', authz: yields('{"allow": true, "deny": [], "rules": []}') },
    {
      name: 'an unknown field',
      authz: yields('{"allow": true, "deny": [], "obligations": [], "rules": [], "unless": "Tuesday"}'),
    },
    {
      name: 'a denial without a fix',
      authz: yields('{"allow": false, "deny": [{"rule": "a.b", "message": "m"}], "obligations": [], "rules": []}'),
    },
  ];
  for (const { name, authz } of answers) {
    it(name, async () => {
      await using directory = await temporaryDirectory();
      await compile(directory.path, [authz, admission]);
      const engine = await loadPolicyEngine({ bundleDirectory: directory.path });
      assert.throws(() => engine.authorize(request('admin', 'viewer')), unavailable);
      assert.equal(engine.admit({} as AdmissionRequest).allow, true, 'the next decision is not affected');
    });
  }

  it('but a valid decision is applied', async () => {
    await using directory = await temporaryDirectory();
    await compile(directory.path, [
      yields('{"allow": true, "deny": [], "obligations": [{"id": "confine-to-tenants"}], "rules": ["a"]}'),
      admission,
    ]);
    const verdict = (await loadPolicyEngine({ bundleDirectory: directory.path })).authorize(request());
    assert.equal(verdict.allow, true);
    assert.deepEqual(verdict.obligations, ['confine-to-tenants']);
  });
});

describe('a damaged bundle is not loaded', () => {
  const damages = [
    { name: 'no folder', damage: (path: string) => rm(path, { recursive: true }) },
    ...['policy.wasm', 'data.json', 'bundle.json'].map((file) => ({
      name: `no ${file}`,
      damage: (path: string) => rm(join(path, file)),
    })),
    {
      name: 'data that does not match the digest',
      damage: (path: string) => writeFile(join(path, 'data.json'), '{"roles": {}}'),
    },
    {
      name: 'wasm that does not match the digest',
      damage: (path: string) => writeFile(join(path, 'policy.wasm'), '\0', { flag: 'a' }),
    },
    { name: 'a manifest that is not JSON', damage: (path: string) => writeFile(join(path, 'bundle.json'), '{') },
    { name: 'a manifest without a digest', damage: (path: string) => writeFile(join(path, 'bundle.json'), '{}') },
    {
      name: 'a wasm file that is not WebAssembly',
      damage: (path: string) => writeFile(join(path, 'policy.wasm'), 'policy').then(() => seal(path)),
    },
    {
      name: 'data that is not JSON',
      damage: (path: string) => writeFile(join(path, 'data.json'), '{"roles"').then(() => seal(path)),
    },
    {
      name: 'a missing entry point',
      damage: (path: string) => compile(path, [admission], { entrypoints: [policyEntrypoints.admit] }),
    },
  ];
  for (const { name, damage } of damages) {
    it(name, async () => {
      await using directory = await temporaryDirectory();
      const path = join(directory.path, 'bundle');
      await cp(await compiledPolicy(), path, { recursive: true });
      await loadPolicyEngine({ bundleDirectory: path });
      await damage(path);
      await assert.rejects(loadPolicyEngine({ bundleDirectory: path }), unavailable);
    });
  }
});

describe('the policy of the project', () => {
  it('refuses a request that it cannot read, and continues', async () => {
    const engine = await loadPolicyEngine({ bundleDirectory: await compiledPolicy() });
    const sound = corpus.find((each) => each.name === 'update that satisfies every rule')!.input as AdmissionRequest;
    const before = engine.admit(sound);
    const [first] = sound.regions;
    const twice = {
      ...sound,
      regions: [...sound.regions, { ...first!, spec: { ...first!.spec, jurisdiction: 'CH' } }],
    };
    const unspeakable = { ...sound, tenant: { ...sound.tenant, name: '\ud800' } };
    for (const bad of [twice, unspeakable, undefined as never, 1n as never]) {
      assert.throws(() => engine.admit(bad), unavailable);
      assert.deepEqual(engine.admit(sound), before);
    }
  });
});
