import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { Binary } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { createLocalKeyProvider } from '../../../engines/keys/key-provider.ts';
import { createTenantSecrets } from '../../../engines/keys/tenant-secrets.ts';
import type { IssuedSecrets, TenantSecrets } from '../../../engines/keys/tenant-secrets.ts';
import type { SealedSecret } from '../../../store/documents.ts';
import type { SecretPurpose } from '../../../store/secrets.ts';

const plaintext = Buffer.from('a data key');
const [first, second] = [randomBytes(32), randomBytes(32)];
const provider = (current: string, keys: Record<string, Buffer>) =>
  createLocalKeyProvider({ current, keys: new Map(Object.entries(keys)) });

function unavailable(...mentions: readonly string[]) {
  return (error: unknown) =>
    error instanceof TenureError &&
    error.code === 'keys_unavailable' &&
    mentions.every((text) => error.message.includes(text));
}

describe('a key provider', () => {
  it('unwraps what it wrapped', async () => {
    const keys = provider('a', { a: first });
    assert.deepEqual(await keys.unwrap(await keys.wrap(plaintext, 'c'), 'c'), plaintext);
  });

  it('unwraps with an older key after another has become current, and wraps with the current one', async () => {
    const wrapped = await provider('a', { a: first }).wrap(plaintext, 'c');
    const rotated = provider('b', { a: first, b: second });
    assert.deepEqual(await rotated.unwrap(wrapped, 'c'), plaintext);
    assert.deepEqual([wrapped.key, (await rotated.wrap(plaintext, 'c')).key], ['a', 'b']);
  });

  it('wraps with an allowed key: the current one, otherwise another that it has, otherwise it fails', async () => {
    const keys = provider('b', { a: first, b: second });
    assert.equal((await keys.wrap(plaintext, 'c', ['a', 'b'])).key, 'b');
    assert.equal((await keys.wrap(plaintext, 'c', ['gone', 'a'])).key, 'a');
    await assert.rejects(keys.wrap(plaintext, 'c', ['gone', 'lost']), unavailable('"gone", "lost"', 'add one of them'));
    assert.deepEqual(keys.keys, ['a', 'b']);
  });

  it('names the missing key and the fix', async () => {
    const wrapped = await provider('a', { a: first }).wrap(plaintext, 'c');
    await assert.rejects(provider('b', { b: second }).unwrap(wrapped, 'c'), unavailable('"a"', 'add it again'));
    await assert.rejects(provider('gone', { a: first }).wrap(plaintext, 'c'), unavailable('"gone"'));
  });

  it('does not unwrap with another key of the same name, in another context, or after a change', async () => {
    const keys = provider('a', { a: first });
    const wrapped = await keys.wrap(plaintext, 'c');
    await assert.rejects(provider('a', { a: second }).unwrap(wrapped, 'c'), unavailable('"a"', '"c"'));
    await assert.rejects(keys.unwrap(wrapped, 'd'), unavailable('"d"'));
    await assert.rejects(keys.unwrap({ ...wrapped, tag: new Binary(randomBytes(16)) }, 'c'), unavailable());
  });

  it('shows no key and no plaintext in its errors', async () => {
    const wrapped = await provider('a', { a: first }).wrap(plaintext, 'c');
    await assert.rejects(provider('a', { a: second }).unwrap(wrapped, 'c'), (error: Error) => {
      for (const secret of [first, second, plaintext])
        for (const form of ['hex', 'base64', 'base64url', 'utf8'] as const)
          assert.ok(!error.message.includes(secret.toString(form)));
      return true;
    });
  });
});

describe('a tenant’s secrets', () => {
  const keys = provider('a', { a: first });

  /** The secrets of tenants, as the control database stores them. */
  function kept(entries: Readonly<Record<string, IssuedSecrets>>): TenantSecrets {
    const sealed = new Map<string, SealedSecret>(
      Object.entries(entries).flatMap(
        ([tenant, { dataKey, credential }]) =>
          [
            [`${tenant}/data-key`, dataKey],
            [`${tenant}/database-credential`, credential],
          ] as const,
      ),
    );
    return createTenantSecrets({
      keyProvider: keys,
      secrets: { find: async (tenant: string, purpose: SecretPurpose) => sealed.get(`${tenant}/${purpose}`) },
    });
  }
  const none = kept({});

  it('contain the issued password: 32 random bytes, different for every tenant and every time', async () => {
    const passwords = [];
    for (const tenant of ['a', 'a', 'b'])
      passwords.push(await kept({ [tenant]: await none.issue(tenant) }).password(tenant));
    for (const password of passwords) assert.equal(Buffer.from(password, 'base64url').length, 32);
    assert.equal(new Set(passwords).size, passwords.length);
  });

  it('of one tenant cannot be opened for another, neither as a whole nor in part', async () => {
    const [a, b] = [await none.issue('a'), await none.issue('b')];
    await assert.rejects(kept({ b: a }).password('b'), unavailable());
    await assert.rejects(kept({ b: { ...b, credential: a.credential } }).password('b'), unavailable('tenant b'));
    await assert.rejects(kept({ b: { ...b, dataKey: a.dataKey } }).password('b'), unavailable('tenure/b/data-key'));
  });

  it('are reported as missing if they do not exist', async () => {
    await assert.rejects(none.password('a'), unavailable('tenant a has no stored credential'));
  });

  it('contain no plaintext after they are issued', async () => {
    const issued = await none.issue('a');
    const password = await kept({ a: issued }).password('a');
    for (const { ciphertext } of [issued.dataKey, issued.credential])
      assert.ok(!Buffer.from(ciphertext.value()).includes(password));
  });
});
