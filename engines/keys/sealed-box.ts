import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Binary } from 'mongodb';
import type { SealedSecret } from '../../store/documents.ts';

const algorithm = 'aes-256-gcm';
/** 96 bits, as NIST SP 800-38D recommends for random IVs. */
const ivBytes = 12;
/** Given when opening, because otherwise a truncated tag would be accepted. */
const authTagLength = 16;
export const keyBytes = 32;

/**
 * Seals `plaintext` under a 256-bit key; `context` must be the same to open it, so a sealed secret cannot be moved
 * elsewhere.
 */
export function seal(key: { id: string; bytes: Buffer }, plaintext: Buffer, context: string): SealedSecret {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv(algorithm, key.bytes, iv, { authTagLength }).setAAD(Buffer.from(context, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return { key: key.id, iv: new Binary(iv), ciphertext: new Binary(ciphertext), tag: new Binary(cipher.getAuthTag()) };
}

/** @throws Error if key, context or content is not what was sealed */
export function open(keyMaterial: Buffer, sealed: SealedSecret, context: string): Buffer {
  const decipher = createDecipheriv(algorithm, keyMaterial, sealed.iv.value(), { authTagLength })
    .setAAD(Buffer.from(context, 'utf8'))
    .setAuthTag(sealed.tag.value());
  return Buffer.concat([decipher.update(sealed.ciphertext.value()), decipher.final()]);
}
