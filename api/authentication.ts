import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from 'jose';
import { z } from 'zod';
import type { PolicyActor } from '../contracts/policy.ts';
import { TenureError } from '../domain/tenure-error.ts';
import { actorOf, ClaimError } from './token-claims.ts';
import type { ClaimPlaces } from './token-claims.ts';

/** The identity in a verified token. */
export interface Authenticated {
  readonly actor: PolicyActor;
  /** When the token expires, in milliseconds since the epoch. */
  readonly expireTime: number;
}

/**
 * Verifies the bearer token of a request.
 * @throws TenureError unauthenticated; InvalidToken if the request has a token
 */
export type Authenticate = (authorization: string | undefined) => Promise<Authenticated>;

/**
 * A token that was rejected; the response reports it as in RFC 6750. The message is for the caller, the cause for the
 * log.
 */
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

/** Pinned, so that a token cannot choose how it is verified. */
const algorithms = ['EdDSA', 'ES256', 'RS256'];
const clockToleranceSeconds = 5;
/** The end of the year 9999, the last year that RFC 3339 can represent. */
const lastExpirySeconds = 253_402_300_799;

const expirySchema = z.object({ exp: z.number() });

interface Verified extends Authenticated {
  /** Until when the verification is trusted, in milliseconds since the epoch. */
  readonly until: number;
}

/** Verifying a signature costs more than the rest of a read, so a verified token is trusted for this long. */
const trustMs = 30_000;
const trustedTokens = 1_000;
/** Limit for all cached tokens together, because one token can be as large as the headers of a request. */
const trustedCharacters = 4_000_000;

/** Names the claim, but never shows its value. */
function whyInvalid(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.reason === 'missing') return `the token has no claim "${error.claim}"`;
    return `the token's claim "${error.claim}" does not have the expected value`;
  }
  if (error instanceof ClaimError) return `invalid token: ${error.message}`;
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is not signed with a known key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token is not valid';
  if (error instanceof errors.JOSEAlgNotAllowed) return `the token is not signed with one of ${algorithms.join(', ')}`;
  return 'the token is not valid';
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

  /** If a token names no key and several match, as during a key rotation, each key is tried. */
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
      throw new TenureError('unauthenticated', 'the Authorization header does not contain a bearer token');
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
