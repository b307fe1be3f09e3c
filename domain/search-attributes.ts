/** Names of the search attributes by which operators find workflows. All are keywords. */
export const searchAttributeNames = {
  tenant: 'TenureTenant',
  tenantUid: 'TenureTenantUid',
  operationKind: 'TenureOperationKind',
  operationId: 'TenureOperationId',
  region: 'TenureRegion',
  plan: 'TenurePlan',
} as const;

/** The one workflow of a verification. */
export function verificationWorkflowId(id: string): string {
  return `verify-isolation/${id}`;
}

/** The one workflow of an operation: starting it is idempotent for ever, and a tenant's operations list by prefix. */
export function operationWorkflowId(uid: string, operationId: string): string {
  return `tenant/${uid}/${operationId}`;
}

export function rolloutWorkflowId(id: string): string {
  return `rollout/${id}`;
}
