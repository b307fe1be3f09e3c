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
  CERT_HAS_EXPIRED: 'have the certificate of the API renewed, or see that the clock of this machine is right',
  CERT_NOT_YET_VALID: 'see that the clock of this machine is right',
  ERR_TLS_CERT_ALTNAME_INVALID: 'use the name that the certificate of the API is for',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the API does not speak https there: write http:// in its address, or the port of https',
  EPROTO: 'the API does not speak https there: write http:// in its address, or the port of https',
  ENOTFOUND:
    'correct the name in the address (--server, TENURE_SERVER or the context), or see that this machine can resolve it',
  EAI_AGAIN: 'see that this machine reaches its name server, or correct the name in the address',
  REDIRECTED: 'use the address that it points to (--server, TENURE_SERVER or the context)',
};

/** What to do about an API that gives no answer, by what stood in the way. */
export function unreachableFix({ server, reason }: ApiUnreachable): string {
  if (reason !== undefined && untrusted.has(reason))
    return 'name the certificate of the authority that vouches for the API: --ca-file PATH, TENURE_CA_FILE, or tenure context set NAME --ca-file PATH';
  const known = reason === undefined ? undefined : fixes[reason];
  if (known !== undefined) return known;
  if (isLoopback(server))
    return 'start the installation (`npm start`), or correct the address (--server, TENURE_SERVER or the context file)';
  return 'see that the API runs there and that this machine reaches it, also through a proxy that is set (HTTPS_PROXY, NO_PROXY), or correct the address (--server, TENURE_SERVER or the context)';
}
