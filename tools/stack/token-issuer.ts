import { randomUUID } from 'node:crypto';

import { importJWK, SignJWT } from 'jose';
import type { JWK } from 'jose';

export const tokenIssuer = 'tenure-embedded';
export const tokenAudience = 'tenure';

export interface TokenRequest {
  readonly subject: string;
  readonly roles: readonly string[];
  /** Uids of the tenants that the subject is limited to; absent means no limit in the token. */
  readonly tenants?: readonly string[];
  readonly ttlSeconds: number;
}

export type MintToken = (request: TokenRequest) => Promise<string>;

/**
 * Replaces an OIDC provider in the embedded stack: signs JWTs (EdDSA) with the given private key.
 * The public key is in `jwks.json` of the stack.
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
