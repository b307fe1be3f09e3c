/** The deployment that a cell is. */
export interface CellIdentityDocument {
  /** The cell's name. */
  _id: string;
  identity: string;
  pinTime: Date;
}

/** The result of a worker's last check of a cell; an observation, not a decision. */
export interface CellDocument {
  /** Cell and worker. */
  _id: string;
  cell: string;
  worker: string;
  reachable: boolean;
  checkTime: Date;
  error?: string;
}

/** A part of the tables reserved on one cell; only the sum of all its parts has a meaning. */
export interface CellTablesDocument {
  _id: string;
  cell: string;
  tables: number;
  /** How often all parts were written to, to block new placements for a moment. */
  holds?: number;
}
