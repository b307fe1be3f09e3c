/** The input of a verification's workflow. It contains only references. */
export interface VerificationInput {
  /** Both uids. */
  readonly pair: string;
  readonly id: string;
  /** The tenants' names, for people. */
  readonly names: readonly string[];
}
