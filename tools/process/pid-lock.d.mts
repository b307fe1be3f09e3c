export interface PidLockHolder {
  readonly pid: number;
  readonly identity: string;
  readonly purpose: string;
}

export interface PidLock {
  /** Removes the lock if it is still this holder's. */
  release(): void;
}

export declare class LockHeldError extends Error {
  readonly holder: PidLockHolder;
}

/**
 * Names a running process and no later one that got the same pid (by its start time).
 * `undefined` for a process that is gone or a zombie.
 */
export declare function processIdentity(pid: number): string | undefined;

/**
 * Takes the lock file at once or throws {@link LockHeldError}. A lock whose process has died is taken over.
 */
export declare function acquirePidLock(path: string, purpose: string): PidLock;

/** The process that holds the lock now, if one does. */
export declare function pidLockHolder(path: string): PidLockHolder | undefined;

/**
 * Takes the lock, waiting for a living holder for at most `timeoutMs`; `onWait` is called once when it has to wait.
 */
export declare function waitForPidLock(
  path: string,
  purpose: string,
  options: { timeoutMs: number; onWait: (holder: PidLockHolder) => void },
): Promise<PidLock>;
