/** What every compiled policy must be able to answer; each takes and yields what `contracts/policy.ts` says. */
export const policyEntrypoints = {
  authorize: 'tenure/authz/decision',
  admit: 'tenure/admission/decision',
} as const;
