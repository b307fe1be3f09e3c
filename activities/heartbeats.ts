import { Context } from '@temporalio/activity';

/** More often than the shortest heartbeat time-out of a workflow, several times. */
const heartbeatEveryMs = 2_000;

/**
 * The same activities, which heartbeat while they run: when their worker dies, another attempt begins after the
 * heartbeat time-out. It does not end an attempt that hangs: that is what the start-to-close time-out is for.
 */
export function withHeartbeats<
  Activities extends Readonly<Record<keyof Activities, (input: never) => Promise<unknown>>>,
>(activities: Activities): Activities {
  const beating = (activity: (input: never) => Promise<unknown>) => async (input: never) => {
    const context = Context.current();
    const timer = setInterval(() => context.heartbeat(), heartbeatEveryMs);
    try {
      return await activity(input);
    } finally {
      clearInterval(timer);
    }
  };
  return Object.fromEntries(
    Object.entries<(input: never) => Promise<unknown>>(activities).map(([name, activity]) => [name, beating(activity)]),
  ) as Activities;
}
