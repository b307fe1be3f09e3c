import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { METADATA_ENCODING_KEY } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { isOperatorText } from './operator-text.ts';

// The package is CommonJS whose names Node cannot see.
const WirePayload = proto.temporal.api.common.v1.Payload;

const algorithm = 'aes-256-gcm';
const encoding = 'binary/encrypted';
const keyIdField = 'encryption-key-id';
const ivBytes = 12;
const tagBytes = 16;

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** Keys by id, 32 bytes each, and which of them encrypts from now on. */
export interface CodecKeyring {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/**
 * Encrypts what workflows and activities are given and return, so that Temporal's database and UI hold no plaintext; only
 * text written for operators stays readable. Data: IV, tag, ciphertext of the whole payload.
 */
export function createEncryptionCodec(keyring: CodecKeyring): PayloadCodec {
  function encrypt(payload: Payload): Payload {
    if (isOperatorText(payload)) return payload;
    const key = keyring.keys.get(keyring.current);
    if (key === undefined) throw new TypeError(`the codec's keyring holds no key "${keyring.current}"`);
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, key, iv);
    const plaintext = WirePayload.encode(payload).finish();
    const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return {
      metadata: { [METADATA_ENCODING_KEY]: utf8.encode(encoding), [keyIdField]: utf8.encode(keyring.current) },
      data: Buffer.concat([iv, cipher.getAuthTag(), ciphertext]),
    };
  }

  function decrypt(payload: Payload): Payload {
    if (payload.metadata == null || text.decode(payload.metadata[METADATA_ENCODING_KEY]) !== encoding) return payload;
    const keyId = text.decode(payload.metadata[keyIdField]);
    const key = keyring.keys.get(keyId);
    if (key === undefined)
      throw new TypeError(`the codec's keyring holds no key "${keyId}"; put it back to read what it encrypted`);
    const data = Buffer.from(payload.data ?? []);
    const decipher = createDecipheriv(algorithm, key, data.subarray(0, ivBytes), {
      authTagLength: tagBytes,
    }).setAuthTag(data.subarray(ivBytes, ivBytes + tagBytes));
    const plaintext = Buffer.concat([decipher.update(data.subarray(ivBytes + tagBytes)), decipher.final()]);
    return WirePayload.decode(plaintext);
  }

  return {
    encode: async (payloads) => payloads.map(encrypt),
    decode: async (payloads) => payloads.map(decrypt),
  };
}
