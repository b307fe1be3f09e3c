/** What `tenure` exits with. Documented, and never given a second meaning. */
export const exitCodes = {
  ok: 0,
  operationFailed: 1,
  /** Of `diff` only, as diff(1) has it; there every other failure is more than 1. */
  differs: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  denied: 5,
  waitTimeout: 7,
  unavailable: 8,
  interrupted: 130,
} as const;
export type ExitCodeName = keyof typeof exitCodes;

export interface ProblemType {
  /** HTTP status, as an answer or as the status an operation's error would have had. */
  readonly status: number;
  readonly exit: ExitCodeName;
  /** Whose fault: the caller can mend a `user` problem; a `system` problem is for the operator. */
  readonly fault: 'user' | 'system';
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  readonly title: string;
  readonly fix: string;
}
