/** What the workflow of a verification is started with. It holds references only. */
export interface VerificationInput {
  /** Both uids. */
  readonly pair: string;
  readonly id: string;
  /** Of the tenants, for people. */
  readonly names: readonly string[];
}
