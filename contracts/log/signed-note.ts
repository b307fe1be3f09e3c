import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/**
 * Signed notes as of C2SP `signed-note`: a text of lines, an empty line, and signatures of named keys, one in each line.
 * Go's `golang.org/x/mod/sumdb/note` reads and writes the same.
 */
export interface SignedNote {
  /** Ends with a newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface NoteSignature {
  readonly name: string;
  /** The first four bytes of a hash over name, algorithm and public key, in hexadecimal. */
  readonly keyId: string;
  readonly bytes: Buffer;
}

/** The algorithms of keys in use here, each with its byte in the key id. */
export const noteAlgorithms = {
  /** Ed25519 over the text. */
  ed25519: 0x01,
  /** Ed25519 over time and text, by a witness (C2SP `tlog-cosignature`, cosignature/v1). */
  cosignature: 0x04,
} as const;
export type NoteAlgorithm = keyof typeof noteAlgorithms;

/** A public key under the name that its owner has given it. */
export interface NoteKey {
  readonly name: string;
  readonly algorithm: NoteAlgorithm;
  /** The 32 bytes of an Ed25519 public key. */
  readonly publicKey: Buffer;
}

const publicKeyBytes = 32;
const keyIdBytes = 4;
const maxNoteBytes = 1_000_000;
const maxSignatures = 100;

/** Whether a name can be that of a key: not empty, without spaces and plus signs. */
export function isKeyName(name: string): boolean {
  return name !== '' && name.isWellFormed() && !/[\s+\p{Cc}]/u.test(name);
}

/** The public key after the byte of its algorithm. */
function encoded({ algorithm, publicKey }: NoteKey): Buffer {
  return Buffer.concat([Uint8Array.of(noteAlgorithms[algorithm]), publicKey]);
}

export function keyIdOf(key: NoteKey): string {
  const hash = createHash('sha256').update(`${key.name}\n`).update(encoded(key)).digest();
  return hash.subarray(0, keyIdBytes).toString('hex');
}

/** The key in one line, as `note.NewVerifier` of Go takes it. */
export function formatNoteKey(key: NoteKey): string {
  return `${key.name}+${keyIdOf(key)}+${encoded(key).toString('base64')}`;
}

/** Undefined if the line is not a key, or its id is not that of the key. */
export function parseNoteKey(line: string): NoteKey | undefined {
  const [, name, keyId, key64] = /^([^+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
  if (name === undefined || keyId === undefined || key64 === undefined || !isKeyName(name)) return undefined;
  const bytes = fromBase64(key64);
  const found = Object.entries(noteAlgorithms).find(([, byte]) => byte === bytes?.[0]);
  if (bytes?.length !== publicKeyBytes + 1 || found === undefined) return undefined;
  const key = { name, algorithm: found[0] as NoteAlgorithm, publicKey: bytes.subarray(1) };
  return keyIdOf(key) === keyId ? key : undefined;
}

/** Decodes canonical base64 only, so that a note has one form. */
export function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(({ name, keyId, bytes }) => {
    const signature = Buffer.concat([Buffer.from(keyId, 'hex'), bytes]);
    return `— ${name} ${signature.toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** Undefined if the text is not a note, or is larger than any that is accepted. */
export function parseNote(note: string): SignedNote | undefined {
  if (Buffer.byteLength(note) > maxNoteBytes || /[\p{Cc}\p{Cs}]/u.test(note.replaceAll('\n', ''))) return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(split + 2, -1).split('\n');
  if (lines.length > maxSignatures) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const [, name, signature] = /^— ([^ ]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
    const bytes = signature === undefined ? undefined : fromBase64(signature);
    if (name === undefined || !isKeyName(name) || bytes === undefined || bytes.length <= keyIdBytes) return undefined;
    signatures.push({
      name,
      keyId: bytes.subarray(0, keyIdBytes).toString('hex'),
      bytes: bytes.subarray(keyIdBytes),
    });
  }
  return { text: note.slice(0, split + 1), signatures };
}

/** The DER form of an Ed25519 public key begins with these bytes (RFC 8410). */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');

function keyObject(publicKey: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([ed25519Prefix, publicKey]), format: 'der', type: 'spki' });
}

/** The 32 bytes of the public key that belongs to an Ed25519 key. */
export function publicKeyOf(key: KeyObject): Buffer {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(ed25519Prefix.length);
}

const cosignatureTimeBytes = 8;

/** What a witness signs: that it saw this checkpoint at this time, in seconds since 1970. */
export function cosignedMessage(text: string, seconds: bigint): Buffer {
  return Buffer.from(`cosignature/v1\ntime ${seconds}\n${text}`);
}

function isSignedBy({ algorithm, publicKey }: NoteKey, text: string, bytes: Buffer): boolean {
  if (algorithm === 'ed25519') return verify(null, Buffer.from(text), keyObject(publicKey), bytes);
  if (bytes.length <= cosignatureTimeBytes) return false;
  const message = cosignedMessage(text, bytes.readBigUInt64BE());
  return verify(null, message, keyObject(publicKey), bytes.subarray(cosignatureTimeBytes));
}

/**
 * The known keys that have signed the note. Undefined if a signature of a known key is wrong: such a note must not be
 * trusted, whoever else signed it. Signatures of unknown keys say nothing.
 */
export function signersOf({ text, signatures }: SignedNote, known: readonly NoteKey[]): NoteKey[] | undefined {
  const signers = new Set<NoteKey>();
  for (const { name, keyId, bytes } of signatures) {
    const key = known.find((candidate) => candidate.name === name && keyIdOf(candidate) === keyId);
    if (key === undefined) continue;
    if (!isSignedBy(key, text, bytes)) return undefined;
    signers.add(key);
  }
  return [...signers];
}
