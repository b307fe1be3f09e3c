/** Names of the search attributes for finding workflows in Temporal. All are of type Keyword. */
export const searchAttributeNames = {
  tenant: 'TenureTenant',
  tenantUid: 'TenureTenantUid',
  operationKind: 'TenureOperationKind',
  operationId: 'TenureOperationId',
  region: 'TenureRegion',
  plan: 'TenurePlan',
} as const;
