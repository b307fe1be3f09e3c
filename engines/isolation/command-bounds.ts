import { TenureError } from '../../domain/tenure-error.ts';
import type { CellWork } from './home.ts';

/** How long one command may take. */
export interface CommandBounds {
  /** For mongod, from when it begins. Read when the driver has a connection. @throws what the lease throws */
  maxTimeMS(): number;
  /** Calls `end` once, when the command is to be given up. Returns what ends the watch. @throws what the lease throws */
  watch(end: (why: unknown) => void): () => void;
}

const late = ({ cell }: CellWork): TenureError =>
  new TenureError('cell_unavailable', `cell "${cell.name}" did not answer within the lease`);

/** By what is left of the lease when the command is sent, on both sides. */
export function withinLease(work: CellWork): CommandBounds {
  return {
    maxTimeMS: () => work.lease.remainingMs(),
    watch(end) {
      const timer = setTimeout(() => end(late(work)), work.lease.remainingMs());
      return () => clearTimeout(timer);
    },
  };
}

/** Less than the ten minutes that an attempt at a step may take. */
export const longestMs = 9 * 60_000;
/** So much of the lease is kept for stopping in mongod what is given up here. */
export const reserveMs = 1_000;
const everyMs = 1_000;

/**
 * As long as somebody renews the lease, and {@link longestMs} at most. The lease is looked at again and again; the command is given up while
 * there is a second of it left. mongod does not see that: whoever gives it up ends it there.
 */
export function whileLeaseIsRenewed(work: CellWork): CommandBounds {
  return {
    maxTimeMS() {
      work.lease.remainingMs();
      return longestMs;
    },
    watch(end) {
      let timer: NodeJS.Timeout | undefined;
      const look = (leftMs: number): void => {
        timer = setTimeout(
          () => {
            try {
              const nowLeftMs = work.lease.remainingMs();
              if (nowLeftMs <= reserveMs) end(late(work));
              else look(nowLeftMs);
            } catch (error) {
              end(error);
            }
          },
          Math.max(1, Math.min(everyMs, leftMs - reserveMs)),
        );
      };
      look(work.lease.remainingMs());
      return () => clearTimeout(timer);
    },
  };
}
