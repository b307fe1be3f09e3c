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
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw new NotText('is UTF-16 text', 'save it as UTF-8');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new NotText('is not UTF-8 text', 'save it as UTF-8');
  }
  if (text.includes('\0')) throw new NotText('holds NUL bytes, as UTF-16 text without a byte order mark does', 'save it as UTF-8');
  return text;
}
