/** Names of the search attributes by which operators find workflows in Temporal. All are keywords. */
export const searchAttributeNames = {
  tenant: 'TenureTenant',
  tenantUid: 'TenureTenantUid',
  operationKind: 'TenureOperationKind',
  operationId: 'TenureOperationId',
  region: 'TenureRegion',
  plan: 'TenurePlan',
} as const;
