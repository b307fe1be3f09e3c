/** Where the plane writes down what it has claimed on a cell, in the collection `claims`. */
export const planeDatabase = 'tenure_cell';

/** What the plane has claimed on a cell: the proof that a home of that name is its own. */
export interface ClaimDocument {
  readonly _id: string;
  readonly installation: string;
  readonly tenant: string;
  readonly operationId: string;
  readonly createTime: Date;
}
