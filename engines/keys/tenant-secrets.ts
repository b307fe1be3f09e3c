import { randomBytes } from 'node:crypto';
import type { SealedSecret } from '../../store/documents.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { SecretStore } from '../../store/secrets.ts';
import type { KeyProvider } from './key-provider.ts';
import { keyBytes, open, seal } from './key-provider.ts';

/** New sealed secrets of a tenant: ready to be committed, and unreadable without the key provider. */
export interface IssuedSecrets {
  readonly dataKey: SealedSecret;
  readonly credential: SealedSecret;
}

export interface TenantSecrets {
  /**
   * Makes a data key, wrapped under one of the allowed keys, and a password sealed under it.
   * @throws TenureError keys_unavailable
   */
  issue(tenant: string, allowedKeys?: readonly string[]): Promise<IssuedSecrets>;
  /** The password of the tenant's database user. @throws TenureError keys_unavailable */
  password(tenant: string): Promise<string>;
}

/** The context that a tenant's wrapped data key is bound to. */
export const dataKeyContext = (tenant: string): string => `tenure/${tenant}/data-key`;
const credentialContext = (tenant: string): string => `tenure/${tenant}/database-credential`;
const dataKeyName = 'data-key';
const passwordBytes = 32;

export interface TenantSecretsDependencies {
  readonly keyProvider: KeyProvider;
  readonly secrets: Pick<SecretStore, 'find'>;
}

export function createTenantSecrets({ keyProvider, secrets }: TenantSecretsDependencies): TenantSecrets {
  return {
    async issue(tenant, allowedKeys) {
      const dataKey = randomBytes(keyBytes);
      const password = randomBytes(passwordBytes).toString('base64url');
      return {
        dataKey: await keyProvider.wrap(dataKey, dataKeyContext(tenant), allowedKeys),
        credential: seal({ id: dataKeyName, bytes: dataKey }, Buffer.from(password, 'utf8'), credentialContext(tenant)),
      };
    },
    async password(tenant) {
      const [dataKey, credential] = await Promise.all([
        secrets.find(tenant, 'data-key'),
        secrets.find(tenant, 'database-credential'),
      ]);
      if (dataKey === undefined || credential === undefined)
        throw new TenureError('keys_unavailable', `tenant ${tenant} has no stored credential`);
      const key = await keyProvider.unwrap(dataKey, dataKeyContext(tenant));
      try {
        return open(key, credential, credentialContext(tenant)).toString('utf8');
      } catch (error) {
        throw new TenureError('keys_unavailable', `cannot open the credential of tenant ${tenant} with its data key`, {
          cause: error,
        });
      }
    },
  };
}
