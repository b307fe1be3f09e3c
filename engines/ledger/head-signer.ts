import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { formatCheckpoint } from '../../contracts/log/checkpoint.ts';
import type { Hash } from '../../contracts/log/merkle-tree.ts';
import { formatNote, formatNoteKey, keyIdOf, publicKeyOf } from '../../contracts/log/signed-note.ts';
import type { NoteKey } from '../../contracts/log/signed-note.ts';

/** A size of the log and the root of its tree. */
export interface TreeHead {
  readonly size: number;
  readonly root: Hash;
}

/** Signs heads of the log. Whether a head may be signed is not decided here. */
export interface HeadSigner {
  /** The public keys, each in one line as Go's `note.NewVerifier` takes it. */
  readonly keys: readonly string[];
  /** A checkpoint as a signed note (C2SP `tlog-checkpoint`, `signed-note`). */
  sign(head: TreeHead): string;
}

/** The name of the log of an installation, and of the keys that sign it. */
export function logOrigin(installation: string): string {
  return `tenure/${installation}`;
}

/** While a key is replaced, the old one and the new one sign. */
export function createHeadSigner(installation: string, privateKeys: readonly KeyObject[]): HeadSigner {
  const origin = logOrigin(installation);
  const signers = privateKeys.map((privateKey) => {
    const key: NoteKey = { name: origin, algorithm: 'ed25519', publicKey: publicKeyOf(privateKey) };
    return { privateKey, key, keyId: keyIdOf(key) };
  });
  return {
    keys: signers.map(({ key }) => formatNoteKey(key)),
    sign(head) {
      const text = formatCheckpoint({ origin, ...head });
      const signatures = signers.map(({ privateKey, key: { name }, keyId }) => ({
        name,
        keyId,
        bytes: sign(null, Buffer.from(text), privateKey),
      }));
      return formatNote({ text, signatures });
    },
  };
}
