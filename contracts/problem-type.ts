/** Exit codes of `tenure`. They are documented and never change their meaning. */
export const exitCodes = {
  ok: 0,
  operationFailed: 1,
  /** Only for `diff`, as in diff(1), where every other failure is greater than 1. */
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
  /** HTTP status of the response, or the equivalent status of an operation's error. */
  readonly status: number;
  readonly exit: ExitCodeName;
  /** Who can fix it: the caller fixes a `user` problem, the operator a `system` problem. */
  readonly fault: 'user' | 'system';
  /** Whether the unchanged request can succeed later. */
  readonly retryable: boolean;
  readonly title: string;
  readonly fix: string;
}
