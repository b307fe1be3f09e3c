/** Forms that secrets take in text. Each is replaced as a whole, and found in linear time, for callers may write what is logged. */
const secretForms: readonly (readonly [RegExp, string])[] = [
  // Up to the last "@": a password that should have been percent-encoded and was not must not show in the error about it.
  [/([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/@:]*:\S{0,1000}@/gi, '$1[redacted]@'],
  [/(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted token]'],
  [/\bBearer\s+\S+/gi, 'Bearer [redacted]'],
  // 32 random bytes in base64 or base64url: keys and passwords. One in ten million has fewer capitals or small letters than
  // this; one in 1,500 has no digit. Hexadecimal digests are longer and stay.
  [/(?<![\w+/-])(?=(?:[\w+/-]*?[A-Z]){3})(?=(?:[\w+/-]*?[a-z]){3})[\w+/-]{43}=?(?![\w+/=-])/g, '[redacted key]'],
];

/** Text without anything that looks like a credential. */
export function redact(text: string): string {
  return secretForms.reduce((redacted, [form, replacement]) => redacted.replace(form, replacement), text);
}
