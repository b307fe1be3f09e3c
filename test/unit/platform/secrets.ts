import { createHash } from 'node:crypto';
import * as fc from 'fast-check';

/** Text that contains a secret, and the parts of it that must never be visible. */
export interface Leak {
  readonly text: string;
  readonly canaries: readonly string[];
}

/** Distributed like random bytes, as keys are. The arrays of fast-check are mostly small and repeated numbers. */
const randomBytes = (count: number): fc.Arbitrary<Buffer> =>
  fc
    .integer()
    .map((seed) =>
      Buffer.concat([0, 1, 2].map((part) => createHash('sha256').update(`${seed}/${part}`).digest())).subarray(
        0,
        count,
      ),
    );
const word = fc.stringMatching(/^[A-Za-z0-9]{10,16}$/);
const user = fc.stringMatching(/^[a-z0-9_.-]{0,12}$/);
const host = fc.constantFrom('cell-a.example:27017,cell-b.example:27017/?replicaSet=eu', '127.0.0.1:27017', 'db');

const addresses = fc
  .record({
    scheme: fc.constantFrom('mongodb', 'mongodb+srv', 'https', 'MONGODB'),
    user,
    // Characters that should be percent-encoded, and others that need not be.
    parts: fc.array(
      fc.tuple(word, fc.constantFrom('', '%40', '!', '~', "'", '"', '@', '/', ':', '==', '+', '?', '#')),
      { minLength: 1, maxLength: 3 },
    ),
    host,
  })
  .map(({ scheme, user: name, parts, host: at }): Leak => ({
    text: `${scheme}://${name}:${parts.flat().join('')}@${at}`,
    canaries: parts.map(([part]) => part),
  }));

const tokens = fc
  .record({
    claims: fc.dictionary(word, word, { minKeys: 1 }),
    signature: randomBytes(64),
    prefix: fc.constantFrom('', 'Bearer '),
  })
  .map(({ claims, signature, prefix }): Leak => {
    const payload = Buffer.from(JSON.stringify(claims)).toString('base64url');
    const mark = signature.toString('base64url');
    return {
      text: `${prefix}${Buffer.from('{"alg":"EdDSA"}').toString('base64url')}.${payload}.${mark}`,
      canaries: [payload, mark],
    };
  });

const opaqueTokens = fc
  .tuple(fc.constantFrom('Bearer ', 'bearer ', 'Authorization: Bearer  '), word)
  .map(([prefix, token]): Leak => ({ text: `${prefix}${token}`, canaries: [token] }));

const keys = fc
  .tuple(randomBytes(32), fc.constantFrom('base64' as const, 'base64url' as const))
  .map(([bytes, encoding]): Leak => {
    const text = bytes.toString(encoding);
    return { text, canaries: [text.slice(0, 43)] };
  });

/** Every form of secret that the plane handles. */
export const secretForms = {
  'an address with a password': addresses,
  'a signed token': tokens,
  'a bearer token': opaqueTokens,
  'a key or password of 32 random bytes': keys,
} as const;

/** A secret in a message, between other text. */
export function inText(leaks: fc.Arbitrary<Leak>): fc.Arbitrary<Leak> {
  const before = fc.constantFrom(
    '',
    ' ',
    'cannot connect to ',
    '"uri":"',
    'password=',
    'key: ',
    '(',
    '\n',
    '{"a":[1,"',
  );
  const after = fc.constantFrom('', ' ', '"', '",', '\n', ' failed', ' (again)', '\u20ac');
  return fc
    .tuple(before, leaks, after)
    .map(([start, { text, canaries }, end]) => ({ text: `${start}${text}${end}`, canaries }));
}
