import { TenureError } from '../../domain/tenure-error.ts';
import type { CellWork } from './home.ts';

/** The time limits of one command. */
export interface CommandBounds {
  /**
   * The limit in mongod, from when the command starts. Read once the driver has a connection.
   * @throws what the lease throws
   */
  maxTimeMS(): number;
  /**
   * Calls `end` once when the command must be given up. Returns a function that ends the watch.
   * @throws what the lease throws
   */
  watch(end: (reason: unknown) => void): () => void;
}

const timeoutError = ({ cell }: CellWork): TenureError =>
  new TenureError('cell_unavailable', `cell "${cell.name}" did not answer within the lease`);

/** Limits a command, here and in mongod, to what is left of the lease when it is sent. */
export function withinLease(work: CellWork): CommandBounds {
  return {
    maxTimeMS: () => work.lease.remainingMs(),
    watch(end) {
      const timer = setTimeout(() => end(timeoutError(work)), work.lease.remainingMs());
      return () => clearTimeout(timer);
    },
  };
}

/** Less than the ten minutes that one attempt at a step may take. */
export const maxCommandMs = 9 * 60_000;
/** The part of the lease that is reserved for ending in mongod what is given up here. */
export const reserveMs = 1_000;
const everyMs = 1_000;

/**
 * Limits a command to as long as the lease is renewed, and to {@link maxCommandMs} at most. The lease is checked
 * repeatedly; the command is given up while there is still a second of it left. mongod does not notice: the caller must
 * end the command there.
 */
export function whileLeaseIsRenewed(work: CellWork): CommandBounds {
  return {
    maxTimeMS() {
      work.lease.remainingMs();
      return maxCommandMs;
    },
    watch(end) {
      let timer: NodeJS.Timeout | undefined;
      const schedule = (leftMs: number): void => {
        timer = setTimeout(
          () => {
            try {
              const remainingMs = work.lease.remainingMs();
              if (remainingMs <= reserveMs) end(timeoutError(work));
              else schedule(remainingMs);
            } catch (error) {
              end(error);
            }
          },
          Math.max(1, Math.min(everyMs, leftMs - reserveMs)),
        );
      };
      schedule(work.lease.remainingMs());
      return () => clearTimeout(timer);
    },
  };
}
