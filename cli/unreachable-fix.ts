import type { ApiUnreachable } from '../client/api-error.ts';
import { isLoopback } from './connection.ts';

const untrusted: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
]);

const fixes: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'renew the certificate of the API, or check the clock of this machine',
  CERT_NOT_YET_VALID: 'check the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'use the host name in the certificate of the API',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the API does not speak https there: write http:// in its address, or the port of https',
  EPROTO: 'the API does not speak https there: write http:// in its address, or the port of https',
  ENOTFOUND:
    'correct the host name in the address (--server, TENURE_SERVER or the context), or check that this machine can resolve it',
  EAI_AGAIN: 'check that this machine can reach its name server, or correct the host name in the address',
  REDIRECTED: 'use the address that it redirects to (--server, TENURE_SERVER or the context)',
};

/** The fix for an API that does not answer, by the reason. */
export function unreachableFix({ server, reason }: ApiUnreachable): string {
  if (reason !== undefined && untrusted.has(reason))
    return 'trust the CA certificate of the API: --ca-file PATH, TENURE_CA_FILE, or tenure context set NAME --ca-file PATH';
  const known = reason === undefined ? undefined : fixes[reason];
  if (known !== undefined) return known;
  if (isLoopback(server))
    return 'start the installation (`npm start`), or correct the address (--server, TENURE_SERVER or the context file)';
  return 'check that the API runs and that this machine can reach it, also through the proxy if one is set (HTTPS_PROXY, NO_PROXY), or correct the address (--server, TENURE_SERVER or the context)';
}
