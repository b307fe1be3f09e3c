import { readFileSync } from 'node:fs';

/** Bytes that are not the text they should be; the message says what they are, and what to do. */
export class NotText extends Error {
  readonly fix: string;

  constructor(message: string, fix: string) {
    super(message);
    this.name = 'NotText';
    this.fix = fix;
  }
}

/** UTF-8 text, with or without a byte order mark. @throws NotText */
export function decodeText(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw new NotText('is UTF-16 text', 'save it as UTF-8');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NotText('is not UTF-8 text', 'save it as UTF-8');
  }
  if (text.includes('\0'))
    throw new NotText('holds NUL bytes, as UTF-16 text without a byte order mark does', 'save it as UTF-8');
  return text;
}

/** A file as {@link decodeText} reads it. @throws NotText, and what the system has against it */
export function readText(path: string): string {
  return decodeText(readFileSync(path));
}

/** Why a file could not be read, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof NotText) return `it ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** What to do about it; `otherwise` where the system refuses it. */
export function fixOf(error: unknown, otherwise: string): string {
  return error instanceof NotText ? error.fix : otherwise;
}
