import type { Transaction } from './commit.ts';
import type { ControlDatabase } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { SealedSecret } from './documents.ts';

/** The purpose of a tenant's secret. */
export type SecretPurpose = 'data-key' | 'database-credential';

export interface SecretStore {
  find(tenant: string, purpose: SecretPurpose): Promise<SealedSecret | undefined>;
  /** Keeps an existing secret: a secret is issued only once. */
  insert(tx: Transaction, tenant: string, purpose: SecretPurpose, sealed: SealedSecret): Promise<void>;
  /** Removes every secret of the tenant. */
  removeAll(tx: Transaction, tenant: string): Promise<void>;
}

const idOf = (tenant: string, purpose: SecretPurpose): string => `${tenant}/${purpose}`;

export function createSecretStore({ secrets }: ControlDatabase): SecretStore {
  return {
    async find(tenant, purpose) {
      const document = await onControl(() => secrets.findOne({ _id: idOf(tenant, purpose) }));
      return document?.sealed;
    },
    async insert(tx, tenant, purpose, sealed) {
      await secrets.updateOne(
        { _id: idOf(tenant, purpose) },
        { $setOnInsert: { tenant, sealed, createTime: tx.time } },
        { upsert: true, session: tx.session },
      );
    },
    async removeAll(tx, tenant) {
      await secrets.deleteMany({ tenant }, { session: tx.session });
    },
  };
}
