import { readFileSync } from 'node:fs';

/** The bytes are not UTF-8 text. The message says what they are; `fix` says what to do. */
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
    throw new NotText('contains NUL bytes, like UTF-16 text without a byte order mark', 'save it as UTF-8');
  return text;
}

/** Reads a file with {@link decodeText}. @throws NotText, and errors of the file system */
export function readText(path: string): string {
  return decodeText(readFileSync(path));
}

/** Why a file could not be read, in one line. */
export function reasonOf(error: unknown): string {
  if (error instanceof NotText) return `it ${error.message}`;
  return error instanceof Error ? error.message : String(error);
}

/** The fix for {@link NotText}; `otherwise` for errors of the file system. */
export function fixOf(error: unknown, otherwise: string): string {
  return error instanceof NotText ? error.fix : otherwise;
}
