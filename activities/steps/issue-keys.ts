import type { TenantSecrets } from '../../engines/keys/tenant-secrets.ts';
import type { Store } from '../../store/store.ts';
import type { StepHandler } from './step-handler.ts';

/** Gives the tenant a data key and a credential, committed with the checkpoint: either both are there or neither. */
export function issueKeysStep({ secrets, tenantSecrets }: Pick<Store, 'secrets'> & { readonly tenantSecrets: TenantSecrets }): StepHandler {
  return {
    async ensure({ tenant, admission: { plan } }) {
      const { dataKey, credential } = await tenantSecrets.issue(tenant._id, plan?.spec.encryption?.wrappingKeys);
      return {
        result: `data key wrapped by ${dataKey.key}`,
        async commit(tx, current) {
          await secrets.insert(tx, current._id, 'data-key', dataKey);
          await secrets.insert(tx, current._id, 'database-credential', credential);
          return current;
        },
      };
    },
    async undo() {
      return {
        result: 'destroyed data key and credential',
        async commit(tx, current) {
          await secrets.removeAll(tx, current._id);
          return current;
        },
      };
    },
  };
}
