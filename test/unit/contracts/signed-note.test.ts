import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { formatCheckpoint, parseCheckpoint } from '../../../contracts/log/checkpoint.ts';
import {
  cosignedMessage,
  formatNote,
  formatNoteKey,
  isKeyName,
  keyIdOf,
  parseNote,
  parseNoteKey,
  publicKeyOf,
  signersOf,
} from '../../../contracts/log/signed-note.ts';
import type { NoteAlgorithm, NoteKey, NoteSignature, SignedNote } from '../../../contracts/log/signed-note.ts';

/** The example of `golang.org/x/mod/sumdb/note`. */
const peter = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const text = 'If you think cryptography is the answer to your problem,\nthen you don’t know what your problem is.\n';
const note = `${text.replace('’', "'")}
— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
`;

function signer(
  name: string,
  algorithm: NoteAlgorithm = 'ed25519',
): { key: NoteKey; sign(text: string): NoteSignature } {
  const pair = generateKeyPairSync('ed25519');
  const key: NoteKey = { name, algorithm, publicKey: publicKeyOf(pair.publicKey) };
  return {
    key,
    sign(signed) {
      if (algorithm === 'ed25519')
        return { name, keyId: keyIdOf(key), bytes: sign(null, Buffer.from(signed), pair.privateKey) };
      const time = Buffer.alloc(8);
      time.writeBigUInt64BE(1_700_000_000n);
      const bytes = sign(null, cosignedMessage(signed, 1_700_000_000n), pair.privateKey);
      return { name, keyId: keyIdOf(key), bytes: Buffer.concat([time, bytes]) };
    },
  };
}

describe('a signed note', () => {
  it('of the Go library is read, verified and written the same', () => {
    const key = parseNoteKey(peter);
    assert.ok(key !== undefined);
    assert.equal(formatNoteKey(key), peter);
    const parsed = parseNote(note);
    assert.ok(parsed !== undefined);
    assert.deepEqual(signersOf(parsed, [key]), [key]);
    assert.equal(formatNote(parsed), note);
  });

  it('names its known signers, and is not trusted if one of their signatures is wrong', () => {
    const [log, witness, stranger] = [signer('log.example/1'), signer('witness', 'cosignature'), signer('stranger')];
    const signed: SignedNote = { text, signatures: [log, witness, stranger].map((one) => one.sign(text)) };
    const known = [log.key, witness.key];
    assert.deepEqual(signersOf(signed, known), known);
    assert.deepEqual(parseNote(formatNote(signed)), signed);
    assert.deepEqual(signersOf({ ...signed, signatures: [stranger.sign(text)] }, known), []);
    const changed = `${text}more\n`;
    assert.equal(signersOf({ ...signed, text: changed }, known), undefined);
    assert.equal(signersOf({ text: changed, signatures: [log.sign(changed), witness.sign(text)] }, known), undefined);
  });

  it('does not verify after any byte of it has changed', () => {
    const key = parseNoteKey(peter)!;
    const bytes = Buffer.from(note);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= flip;
        const parsed = parseNote(changed.toString());
        const signers = parsed === undefined ? [] : signersOf(parsed, [key]);
        assert.notDeepEqual(signers, [key]);
      }),
    );
  });

  it('is refused if it is not one', () => {
    const line = note.split('\n').at(-2)!;
    for (const wrong of [
      '',
      text,
      `${text}\n`,
      `${text}\n${line}`,
      `${text}\n${line}\nmore\n`,
      `${text}\n${line.replace('—', '-')}\n`,
      `${text}\n— PeterNeumann x08go/Y=\n`.replace('x08go/Y=', '!'),
      `${text}\n— Peter+Neumann ${line.split(' ').at(-1)}\n`,
      `a\u0000b\n\n${line}\n`,
      `${text}\n${`${line}\n`.repeat(101)}`,
      `${'x'.repeat(1_000_000)}\n\n${line}\n`,
    ])
      assert.equal(parseNote(wrong), undefined, JSON.stringify(wrong.slice(0, 200)));
  });
});

describe('a key of a note', () => {
  it('is refused if it is not one', () => {
    const [name, id, key] = peter.split('+') as [string, string, string];
    for (const wrong of [
      '',
      peter.replace('c74f', 'c75f'),
      `${name}+${id}`,
      `Other+${id}+${key}`,
      `${name}+${id}+AAAA`,
    ])
      assert.equal(parseNoteKey(wrong), undefined, wrong);
  });

  it('has a name without spaces and plus signs', () => {
    assert.deepEqual(['a', 'log.example/x', 'ä', '', 'a b', 'a+b', 'a\u00a0b', 'a\n'].map(isKeyName), [
      ...[true, true, true],
      ...[false, false, false, false, false],
    ]);
  });
});

describe('a checkpoint', () => {
  const root = Buffer.alloc(32, 7);
  it('is written in three lines and read back', () => {
    const checkpoint = { origin: 'tenure.example/log', size: 4_321, root };
    assert.equal(formatCheckpoint(checkpoint), `tenure.example/log\n4321\n${root.toString('base64')}\n`);
    assert.deepEqual(parseCheckpoint(formatCheckpoint(checkpoint)), checkpoint);
    assert.deepEqual(parseCheckpoint(`${formatCheckpoint(checkpoint)}an extension\n`), checkpoint);
  });

  it('is refused if it is not one', () => {
    const lines = (origin: string, size: string, encoded: string): string => `${origin}\n${size}\n${encoded}\n`;
    const encoded = root.toString('base64');
    for (const wrong of [
      '',
      lines('', '1', encoded),
      lines('a', '01', encoded),
      lines('a', '-1', encoded),
      lines('a', '1e3', encoded),
      lines('a', String(2 ** 60), encoded),
      lines('a', '1', encoded.slice(4)),
      lines('a', '1', encoded.replace('=', '')),
      lines('a', '1', encoded).trimEnd(),
      `${lines('a', '1', encoded)}\n`,
    ])
      assert.equal(parseCheckpoint(wrong), undefined, JSON.stringify(wrong));
  });
});
