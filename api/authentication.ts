import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from 'jose';
import { z } from 'zod';
import type { PolicyActor } from '../contracts/policy.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { actorOf, ClaimError } from './token-claims.ts';
import type { ClaimPlaces } from './token-claims.ts';

/** Who a token says that its bearer is. */
export interface Authenticated {
  readonly actor: PolicyActor;
  /** When the token expires, in milliseconds since the epoch. */
  readonly expireTime: number;
}

/** Reads the bearer token of a request. @throws TenureError unauthenticated; InvalidToken, where one was sent */
export type Authenticate = (authorization: string | undefined) => Promise<Authenticated>;

/** A token that was sent and is not taken: the answer says so as RFC 6750 has it. Its message is for the caller, its cause for the log. */
export class InvalidToken extends TenureError {
  constructor(message: string, cause: unknown) {
    super('unauthenticated', message, { cause });
  }
}

export interface AuthenticationOptions {
  readonly keys: JSONWebKeySet;
  readonly issuer: string;
  readonly audience: string;
  readonly claims: ClaimPlaces;
  /** The roles that policy knows. */
  readonly knownRoles: () => ReadonlySet<string>;
  readonly now: () => Date;
}

/** Pinned: a token does not choose how it is verified. */
const algorithms = ['EdDSA', 'ES256', 'RS256'];
const clockToleranceSeconds = 5;
/** The end of the year 9999, the last that RFC 3339 can say. */
const lastExpirySeconds = 253_402_300_799;

const expirySchema = z.object({ exp: z.number() });

interface Verified extends Authenticated {
  /** Until when it need not be verified again, in milliseconds since the epoch. */
  readonly until: number;
}

/** A signature costs more to verify than the rest of a read; a token that is used again is taken on trust for this long. */
const trustMs = 30_000;
const trustedTokens = 1_000;
/** Of the tokens that are kept: one may be as large as the headers of a request. */
const trustedCharacters = 4_000_000;

/** Names the claim, and never shows what it holds. */
function whyInvalid(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return `the token has no claim "${error.claim}"`;
    return `the token's claim "${error.claim}" is not what is expected here`;
  }
  if (error instanceof ClaimError) return `in the token, ${error.message}`;
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is not signed by a key that is known here';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is not right';
  if (error instanceof errors.JOSEAlgNotAllowed) return `the token is not signed by ${algorithms.join(', ')}`;
  return 'the token is not valid here';
}

export function createAuthenticate({
  keys,
  issuer,
  audience,
  claims,
  knownRoles,
  now,
}: AuthenticationOptions): Authenticate {
  const keySet = createLocalJWKSet(keys);
  const verified = new Map<string, Verified>();
  let characters = 0;

  function forget(token: string): void {
    if (verified.delete(token)) characters -= token.length;
  }

  function remember(token: string, authenticated: Authenticated): Authenticated {
    verified.set(token, { ...authenticated, until: Math.min(now().getTime() + trustMs, authenticated.expireTime) });
    characters += token.length;
    for (const oldest of verified.keys()) {
      if (verified.size <= trustedTokens && characters <= trustedCharacters) break;
      forget(oldest);
    }
    return authenticated;
  }

  /** Where a token names no key and several would do, as while an issuer rotates them, each is tried. */
  async function verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    try {
      return (await jwtVerify(token, keySet, options)).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        try {
          return (await jwtVerify(token, key, options)).payload;
        } catch (failure) {
          if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
        }
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  return async (authorization) => {
    const [scheme, token, ...rest] = (authorization ?? '').split(' ');
    if (
      authorization === undefined ||
      scheme?.toLowerCase() !== 'bearer' ||
      token === undefined ||
      token === '' ||
      rest.length > 0
    ) {
      throw new TenureError('unauthenticated', 'the Authorization header holds no bearer token');
    }
    const known = verified.get(token);
    if (known !== undefined && known.until > now().getTime()) return known;
    forget(token);
    try {
      const payload = await verify(token, {
        issuer,
        audience,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'iat'],
        currentDate: now(),
      });
      const { exp } = expirySchema.parse(payload);
      return remember(token, {
        actor: actorOf(payload, claims, knownRoles()),
        expireTime: Math.min(exp, lastExpirySeconds) * 1000,
      });
    } catch (error) {
      throw new InvalidToken(whyInvalid(error), error);
    }
  };
}
