import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { describe, it } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { createSigningKey, signedHeaders } from '../../../engines/webhooks/signature.ts';

const body = Buffer.from('{"id":"01m7zjfrwsf8nzpzkpq20695e8","data":{"name":"Ünïcode"}}');
const now = (): Date => new Date();
const id = '01m7zjfrwsf8nzpzkpq20695e8';

const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

function verifiesEd25519(publicKey: string, headers: Readonly<Record<string, string>>): boolean {
  const key = createPublicKey({
    key: Buffer.concat([spkiPrefix, Buffer.from(publicKey.replace('whpk_', ''), 'base64')]),
    format: 'der',
    type: 'spki',
  });
  const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body.toString('utf8')}`;
  const signature = headers['webhook-signature']?.split(' ').find((one) => one.startsWith('v1a,'));
  return verify(null, Buffer.from(content), key, Buffer.from(signature?.slice(4) ?? '', 'base64'));
}

describe('deliveries are signed as Standard Webhooks says:', () => {
  it('v1, so that its library accepts them', () => {
    const key = createSigningKey('hmac-sha256');
    assert.match(key.secret ?? '', /^whsec_/);
    assert.equal(key.bytes.length, 32);
    const headers = signedHeaders([key], id, now(), body);
    assert.deepEqual(
      new Webhook(key.secret ?? '').verify(body.toString('utf8'), headers),
      JSON.parse(body.toString('utf8')),
    );
    assert.throws(() => new Webhook(key.secret ?? '').verify(`${body.toString('utf8')} `, headers));
  });

  it('v1a, so that the shown public key verifies them', () => {
    const key = createSigningKey('ed25519');
    assert.equal(key.secret, undefined);
    assert.ok(verifiesEd25519(key.publicKey ?? '', signedHeaders([key], id, now(), body)));
    assert.ok(!verifiesEd25519(createSigningKey('ed25519').publicKey ?? '', signedHeaders([key], id, now(), body)));
  });

  it('with the old and the new key during a rotation, also if they are of another kind', () => {
    const [fresh, old, other] = [
      createSigningKey('hmac-sha256'),
      createSigningKey('hmac-sha256'),
      createSigningKey('ed25519'),
    ];
    const headers = signedHeaders([fresh, old, other], id, now(), body);
    for (const { secret = '' } of [fresh, old]) new Webhook(secret).verify(body.toString('utf8'), headers);
    assert.ok(verifiesEd25519(other.publicKey ?? '', headers));
    assert.match(headers['webhook-signature'] ?? '', /^v1,\S+ v1,\S+ v1a,\S+$/);
  });
});
