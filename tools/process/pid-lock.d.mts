export interface PidLockHolder {
  readonly pid: number;
  readonly identity: string;
  readonly purpose: string;
}

export interface PidLock {
  /** Removes the lock if this holder still has it. */
  release(): void;
}

export declare class LockHeldError extends Error {
  readonly holder: PidLockHolder;
}

/**
 * Identifies a running process by its start time, so that a later process with the same pid is a different one.
 * `undefined` for a process that has ended or is a zombie.
 */
export declare function processIdentity(pid: number): string | undefined;

/**
 * Takes the lock file, or throws {@link LockHeldError} immediately. Takes over a lock whose process has died.
 */
export declare function acquirePidLock(path: string, purpose: string): PidLock;

/** The process that currently holds the lock, if any. */
export declare function pidLockHolder(path: string): PidLockHolder | undefined;

/**
 * Takes the lock. Waits at most `timeoutMs` for a living holder, and calls `onWait` once if it has to wait.
 */
export declare function waitForPidLock(
  path: string,
  purpose: string,
  options: { timeoutMs: number; onWait: (holder: PidLockHolder) => void },
): Promise<PidLock>;
