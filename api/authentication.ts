import { createLocalJWKSet, errors, jwtVerify } from 'jose';
import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { policyActorSchema } from '../contracts/policy.ts';
import type { PolicyActor } from '../contracts/policy.ts';
import { TenureError } from '../domain/tenure-error.ts';

/** Reads the bearer token of a request. @throws TenureError unauthenticated */
export type Authenticate = (authorization: string | undefined) => Promise<PolicyActor>;

export interface AuthenticationOptions {
  readonly keys: JSONWebKeySet;
  readonly issuer: string;
  readonly audience: string;
}

/** Pinned: a token does not choose how it is verified. */
const algorithms = ['EdDSA', 'ES256', 'RS256'];
const clockToleranceSeconds = 5;

const claimsSchema = z.object({ sub: policyActorSchema.shape.subject, roles: policyActorSchema.shape.roles, tenants: policyActorSchema.shape.tenants });

export function createAuthenticate({ keys, issuer, audience }: AuthenticationOptions): Authenticate {
  const keySet = createLocalJWKSet(keys);
  return async (authorization) => {
    const [scheme, token, ...rest] = (authorization ?? '').split(' ');
    if (authorization === undefined || scheme?.toLowerCase() !== 'bearer' || token === undefined || token === '' || rest.length > 0) {
      throw new TenureError('unauthenticated', 'the Authorization header holds no bearer token');
    }
    try {
      const { payload } = await jwtVerify(token, keySet, { issuer, audience, algorithms, clockTolerance: clockToleranceSeconds, requiredClaims: ['sub', 'exp', 'iat'] });
      const { sub, roles, tenants } = claimsSchema.parse(payload);
      return { subject: sub, roles, ...(tenants === undefined ? {} : { tenants }) };
    } catch (error) {
      const why = error instanceof errors.JWTExpired ? 'the token has expired' : 'the token is not valid here';
      throw new TenureError('unauthenticated', why, { cause: error });
    }
  };
}
