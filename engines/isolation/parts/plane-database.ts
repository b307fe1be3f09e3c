/** The database where the plane records its claims on a cell, in the collection `claims`. */
export const planeDatabase = 'tenure_cell';

/** A claim of the plane on a cell: the proof that a home of that name belongs to it. */
export interface ClaimDocument {
  readonly _id: string;
  readonly installation: string;
  readonly tenant: string;
  readonly operationId: string;
  readonly createTime: Date;
}
