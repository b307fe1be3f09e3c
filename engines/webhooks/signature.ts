import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { WebhookSignature } from '../../contracts/manifests/webhook-endpoint.ts';

/** A key that signs, opened. */
export interface SigningKey {
  readonly algorithm: WebhookSignature;
  /** The secret, or the private key in PKCS #8. */
  readonly bytes: Buffer;
}

/** A new key, with what the receiver gets of it. */
export interface NewSigningKey extends SigningKey {
  /** `whsec_…`; only for HMAC. */
  readonly secret?: string;
  /** `whpk_…`; only for Ed25519. */
  readonly publicKey?: string;
}

const secretBytes = 32;
/** A public key in SPKI is this much longer than the key itself. */
const spkiPrefixBytes = 12;

/** Makes a key in the form of Standard Webhooks 1.0.0. */
export function createSigningKey(algorithm: WebhookSignature): NewSigningKey {
  if (algorithm === 'hmac-sha256') {
    const bytes = randomBytes(secretBytes);
    return { algorithm, bytes, secret: `whsec_${bytes.toString('base64')}` };
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  return {
    algorithm,
    bytes: privateKey,
    publicKey: `whpk_${publicKey.subarray(spkiPrefixBytes).toString('base64')}`,
  };
}

function signatureOf({ algorithm, bytes }: SigningKey, content: Buffer): string {
  return algorithm === 'hmac-sha256'
    ? `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`
    : `v1a,${sign(null, content, createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' })).toString('base64')}`;
}

/** The headers of one attempt, signed with each key. */
export function signedHeaders(
  keys: readonly SigningKey[],
  id: string,
  time: Date,
  body: Buffer,
): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(time.getTime() / 1000));
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((key) => signatureOf(key, content)).join(' '),
  };
}
