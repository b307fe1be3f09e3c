import type { StepKey } from '../../domain/step-plan.ts';
import { claimHome } from '../../engines/isolation/parts/claim.ts';
import { createCollections, homeCollections } from '../../engines/isolation/parts/collections.ts';
import { destroyData, destroyRoles, destroyUser, releaseClaim } from '../../engines/isolation/parts/destroy.ts';
import { createRoles, homeRoles } from '../../engines/isolation/parts/roles.ts';
import { createTenantUser, homeUser } from '../../engines/isolation/parts/user.ts';
import { probeIsolation } from '../../engines/isolation/probe/probe.ts';
import type { TenantSecrets } from '../../engines/keys/tenant-secrets.ts';
import type { Store } from '../../store/store.ts';
import {
  bindPlanStep,
  cancelPurgeStep,
  destroyKeysStep,
  endLeasesStep,
  reserveTablesStep,
  issueKeysStep,
  schedulePurgeStep,
} from './control-steps.ts';
import { homeStepHandler, userStepHandler, ifAccessGranted, ifPlaced } from './home-step-handler.ts';
import { placeStep } from './place.ts';
import type { StepHandler } from './step-handler.ts';

export interface StepHandlerDependencies extends Pick<Store, 'cells' | 'resources' | 'secrets'> {
  readonly tenantSecrets: TenantSecrets;
}

/** The handler of each step. */
export function createStepHandlers(dependencies: StepHandlerDependencies): Record<StepKey, StepHandler> {
  const { password } = dependencies.tenantSecrets;
  const collections = homeStepHandler(homeCollections);
  const roles = homeStepHandler(homeRoles);
  const tables = reserveTablesStep(dependencies);
  // The form of the user follows from the state that the path leads to.
  const user = userStepHandler(homeUser(password));
  return {
    place: placeStep(dependencies),
    'issue-keys': issueKeysStep(dependencies),
    'claim-database': homeStepHandler(claimHome),
    'create-collections': homeStepHandler(createCollections),
    'create-roles': homeStepHandler(createRoles),
    'create-user': userStepHandler(createTenantUser(password)),
    'probe-isolation': ifAccessGranted(homeStepHandler(probeIsolation(password))),
    'end-leases': endLeasesStep,
    'revoke-access': user,
    'restore-access': user,
    'remove-user': user,
    'shed-indexes': collections,
    'release-tables': tables,
    'take-tables': tables,
    'adjust-tables': tables,
    'rebuild-indexes': collections,
    'schedule-purge': schedulePurgeStep,
    'cancel-purge': cancelPurgeStep,
    'destroy-user': ifPlaced(homeStepHandler(destroyUser)),
    'destroy-roles': ifPlaced(homeStepHandler(destroyRoles)),
    'destroy-data': ifPlaced(homeStepHandler(destroyData)),
    'release-claim': ifPlaced(homeStepHandler(releaseClaim)),
    'destroy-keys': destroyKeysStep(dependencies),
    'bind-plan': bindPlanStep,
    'correct-collections': collections,
    'correct-roles': roles,
    'correct-user': user,
  };
}
