import type { WebhookSignature } from '../../contracts/manifests/webhook-endpoint.ts';
import type { WebhookKeyDocument } from '../../store/webhook-documents.ts';
import type { Store } from '../../store/store.ts';
import type { KeyProvider } from '../keys/key-provider.ts';
import { createSigningKey } from './signature.ts';
import type { NewSigningKey, SigningKey } from './signature.ts';

/** A new key, ready to be committed. */
export interface SealedSigningKey extends Pick<NewSigningKey, 'secret' | 'publicKey'> {
  readonly document: Omit<WebhookKeyDocument, 'createTime'>;
}

export interface WebhookKeys {
  /** @throws TenureError keys_unavailable */
  create(endpoint: string, algorithm: WebhookSignature): Promise<SealedSigningKey>;
  /** The keys that sign deliveries to an endpoint now. @throws TenureError keys_unavailable */
  signing(endpoint: string): Promise<SigningKey[]>;
}

const contextOf = (endpoint: string, key: string): string => `tenure/webhook/${endpoint}/${key}`;

export function createWebhookKeys({
  store,
  keyProvider,
}: {
  readonly store: Pick<Store, 'webhookKeys' | 'newId'>;
  readonly keyProvider: KeyProvider;
}): WebhookKeys {
  return {
    async create(endpoint, algorithm) {
      const { bytes, secret, publicKey } = createSigningKey(algorithm);
      const id = store.newId();
      const sealed = await keyProvider.wrap(bytes, contextOf(endpoint, id));
      return {
        document: {
          _id: id,
          endpoint,
          algorithm,
          sealed,
          ...(publicKey === undefined ? {} : { publicKey }),
          expireTime: null,
        },
        ...(secret === undefined ? {} : { secret }),
        ...(publicKey === undefined ? {} : { publicKey }),
      };
    },
    async signing(endpoint) {
      const keys = await store.webhookKeys.signing(endpoint);
      return await Promise.all(
        keys.map(async ({ _id, algorithm, sealed }) => ({
          algorithm,
          bytes: await keyProvider.unwrap(sealed, contextOf(endpoint, _id)),
        })),
      );
    },
  };
}
