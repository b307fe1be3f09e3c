import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { METADATA_ENCODING_KEY } from '@temporalio/common';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';

const text = new TextDecoder();

/**
 * Whether a payload is text for operators, which means a plain string. Summaries, details and step tables are plain
 * strings; workflows and activities exchange only objects. The response of Temporal's own metadata query contains the
 * same text.
 */
function isOperatorText(payload: Payload): boolean {
  if (payload.metadata == null || text.decode(payload.metadata[METADATA_ENCODING_KEY]) !== 'json/plain') return false;
  const data = payload.data ?? new Uint8Array();
  if (data[0] === 0x22) return true; // A JSON string.
  return text.decode(data.subarray(0, 14)) === '{"definition":';
}

// The package is CommonJS, and Node cannot detect its named exports.
const WirePayload = proto.temporal.api.common.v1.Payload;

const algorithm = 'aes-256-gcm';
const encoding = 'binary/encrypted';
const keyIdField = 'encryption-key-id';
const ivBytes = 12;
const tagBytes = 16;

const utf8 = new TextEncoder();

/** Keys by id, 32 bytes each, and the id of the key that encrypts. */
export interface CodecKeyring {
  readonly current: string;
  readonly keys: ReadonlyMap<string, Buffer>;
}

/**
 * Encrypts inputs and results of workflows and activities, so that Temporal's database and UI hold no plaintext. Only
 * text for operators stays readable. Data: IV, tag, ciphertext of the whole payload.
 */
export function createEncryptionCodec(keyring: CodecKeyring): PayloadCodec {
  function encrypt(payload: Payload): Payload {
    if (isOperatorText(payload)) return payload;
    const key = keyring.keys.get(keyring.current);
    if (key === undefined) throw new TypeError(`the codec keyring does not contain the key "${keyring.current}"`);
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
      throw new TypeError(
        `the codec keyring does not contain the key "${keyId}"; add it again to read the data encrypted with it`,
      );
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
