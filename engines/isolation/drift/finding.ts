/** One way in which what stands on a cell is not what was declared. */
export interface DriftFinding {
  readonly part: 'claim' | 'collection' | 'validator' | 'index' | 'role' | 'user' | 'configuration';
  /** `missing` and `wrong` are mended by the parts of a home; `extra` is what the plane has not made, which it only reports. */
  readonly kind: 'missing' | 'wrong' | 'extra';
  /** With its database. */
  readonly name: string;
  /** For people. */
  readonly detail: string;
}
