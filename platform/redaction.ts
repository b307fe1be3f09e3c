/**
 * Patterns of secrets in text. Each match is replaced as a whole. Matching is linear, because callers can control
 * logged text.
 */
const secretForms: readonly (readonly [RegExp, string])[] = [
  // Up to the last "@", so that a password without the required percent-encoding does not appear in the error about it.
  [/([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@:]*:\S{0,1000}@/gi, '$1[redacted]@'],
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted token]'],
  [/\bBearer\s+\S+/gi, 'Bearer [redacted]'],
  // 32 random bytes in base64 or base64url: keys and passwords. One in ten million has fewer upper-case or lower-case
  // letters
  // than required here; one in 1,500 has no digit, so digits are not required. Hexadecimal digests are longer and are
  // kept.
  [/(?<![\w+/-])(?=(?:[\w+/-]*?[A-Z]){3})(?=(?:[\w+/-]*?[a-z]){3})[\w+/-]{43}=?(?![\w+/=-])/g, '[redacted key]'],
];

/** Removes everything that looks like a credential. */
export function redact(text: string): string {
  return secretForms.reduce((redacted, [form, replacement]) => redacted.replace(form, replacement), text);
}
