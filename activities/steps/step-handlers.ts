import type { StepKey } from '../../domain/step-plan.ts';
import { claimHome } from '../../engines/isolation/parts/claim.ts';
import { createCollections } from '../../engines/isolation/parts/collections.ts';
import { probeIsolation } from '../../engines/isolation/probe/probe.ts';
import { createRoles } from '../../engines/isolation/parts/roles.ts';
import { createTenantUser } from '../../engines/isolation/parts/user.ts';
import type { TenantSecrets } from '../../engines/keys/tenant-secrets.ts';
import type { Store } from '../../store/store.ts';
import { homeStepHandler } from './home-step-handler.ts';
import { issueKeysStep } from './issue-keys.ts';
import { placeStep } from './place.ts';
import type { StepHandler } from './step-handler.ts';

export interface StepHandlerDependencies extends Pick<Store, 'cells' | 'secrets'> {
  readonly tenantSecrets: TenantSecrets;
}

/** The one that does each step. */
export function createStepHandlers(dependencies: StepHandlerDependencies): Record<StepKey, StepHandler> {
  const { tenantSecrets } = dependencies;
  return {
    place: placeStep(dependencies),
    'issue-keys': issueKeysStep(dependencies),
    'claim-database': homeStepHandler(claimHome),
    'create-collections': homeStepHandler(createCollections),
    'create-roles': homeStepHandler(createRoles),
    'create-user': homeStepHandler(createTenantUser(tenantSecrets.password)),
    'probe-isolation': homeStepHandler(probeIsolation(tenantSecrets.password)),
  };
}
