import { randomUUID } from 'node:crypto';

import { importJWK, SignJWT } from 'jose';
import type { JWK } from 'jose';

export const tokenIssuer = 'tenure-embedded';
export const tokenAudience = 'tenure';

export interface TokenRequest {
  readonly subject: string;
  readonly roles: readonly string[];
  /** Uids of the tenants the subject is limited to; absent means not limited by the token. */
  readonly tenants?: readonly string[];
  readonly ttlSeconds: number;
}

export type MintToken = (request: TokenRequest) => Promise<string>;

/**
 * The embedded stack's stand-in for an OIDC provider: signs JWTs (EdDSA) with the given private key.
 * The public half is in the stack's `jwks.json`.
 */
export function createTokenIssuer(privateKey: JWK): MintToken {
  const key = importJWK(privateKey, 'EdDSA');
  return async ({ subject, roles, tenants, ttlSeconds }) =>
    await new SignJWT({ roles: [...roles], ...(tenants === undefined ? {} : { tenants: [...tenants] }) })
      .setProtectedHeader({ alg: 'EdDSA', kid: privateKey.kid! })
      .setIssuer(tokenIssuer)
      .setAudience(tokenAudience)
      .setSubject(subject)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + ttlSeconds)
      .sign(await key);
}
