import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { policyActorSchema } from '../contracts/policy.ts';
import type { PolicyActor } from '../contracts/policy.ts';
import { TenureError } from '../domain/tenure-error.ts';

/** Who a token says that its bearer is. */
export interface Authenticated {
  readonly actor: PolicyActor;
  /** When the token expires, in milliseconds since the epoch. */
  readonly expireTime: number;
}

/** Reads the bearer token of a request. @throws TenureError unauthenticated */
export type Authenticate = (authorization: string | undefined) => Promise<Authenticated>;

export interface AuthenticationOptions {
  readonly keys: JSONWebKeySet;
  readonly issuer: string;
  readonly audience: string;
  /** The time by which tokens expire. */
  readonly now: () => Date;
}

/** Pinned: a token does not choose how it is verified. */
const algorithms = ['EdDSA', 'ES256', 'RS256'];
const clockToleranceSeconds = 5;
/** The end of the year 9999, the last that RFC 3339 can say. */
const lastExpirySeconds = 253_402_300_799;

const claimsSchema = z.object({ sub: policyActorSchema.shape.subject, roles: policyActorSchema.shape.roles, tenants: policyActorSchema.shape.tenants, exp: z.number() });

interface Verified extends Authenticated {
  /** Until when it need not be verified again, in milliseconds since the epoch. */
  readonly until: number;
}

/** A signature costs more to verify than the rest of a read; a token that is used again is taken on trust for this long. */
const trustMs = 30_000;
const trustedTokens = 1_000;

export function createAuthenticate({ keys, issuer, audience, now }: AuthenticationOptions): Authenticate {
  const keySet = createLocalJWKSet(keys);
  const verified = new Map<string, Verified>();

  function remember(token: string, authenticated: Authenticated): Authenticated {
    const [oldest] = verified.keys();
    if (verified.size >= trustedTokens && oldest !== undefined) verified.delete(oldest);
    verified.set(token, { ...authenticated, until: Math.min(now().getTime() + trustMs, authenticated.expireTime) });
    return authenticated;
  }

  return async (authorization) => {
    const [scheme, token, ...rest] = (authorization ?? '').split(' ');
    if (authorization === undefined || scheme?.toLowerCase() !== 'bearer' || token === undefined || token === '' || rest.length > 0) {
      throw new TenureError('unauthenticated', 'the Authorization header holds no bearer token');
    }
    const known = verified.get(token);
    if (known !== undefined && known.until > now().getTime()) return known;
    verified.delete(token);
    try {
      const { payload } = await jwtVerify(token, keySet, { issuer, audience, algorithms, clockTolerance: clockToleranceSeconds, requiredClaims: ['sub', 'exp', 'iat'], currentDate: now() });
      const { sub, roles, tenants, exp } = claimsSchema.parse(payload);
      return remember(token, { actor: { subject: sub, roles, ...(tenants === undefined ? {} : { tenants }) }, expireTime: Math.min(exp, lastExpirySeconds) * 1000 });
    } catch (error) {
      const why = error instanceof errors.JWTExpired ? 'the token has expired' : 'the token is not valid here';
      throw new TenureError('unauthenticated', why, { cause: error });
    }
  };
}
