/** Forms that secrets take in text. Each is replaced as a whole. */
const secretForms: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@:]*:[^\s/@]*@/gi, '$1[redacted]@'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted token]'],
  [/\bBearer\s+\S+/gi, 'Bearer [redacted]'],
  // 32 random bytes in base64 or base64url: keys and passwords. Hexadecimal digests are longer and stay.
  [/(?<![\w+/-])(?=[\w+/-]*[A-Z])(?=[\w+/-]*[a-z])(?=[\w+/-]*\d)[\w+/-]{43}=?(?![\w+/=-])/g, '[redacted key]'],
];

/** Text without anything that looks like a credential. */
export function redact(text: string): string {
  return secretForms.reduce((redacted, [form, replacement]) => redacted.replace(form, replacement), text);
}
