import type { Logger } from '../platform/logging.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { ReadinessCheck } from '../platform/ops-server.ts';
import { clocksAgree } from './control-clock.ts';
import type { ControlClock } from './control-clock.ts';

const everyMs = 5_000;

export interface KeepClockDependencies {
  readonly clock: Pick<ControlClock, 'measure'>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'clockDifference'>;
}

/** Compares this process's clock with mongod's now and every few seconds. Returns a function that stops it. */
export function keepClock({ clock, logger, metrics }: KeepClockDependencies): () => void {
  let agreed = true;
  async function compare(): Promise<void> {
    const reading = await clock.measure();
    const seconds = reading.differenceMs / 1000;
    metrics.clockDifference.set(seconds);
    const agree = clocksAgree(reading);
    if (agree !== agreed)
      logger[agree ? 'info' : 'error'](
        agree
          ? 'the clocks agree again'
          : `the clocks of this process and of the control database differ by ${Math.round(Math.abs(seconds))} s: one of them is wrong`,
      );
    agreed = agree;
  }
  // While the control database is unavailable, there is nothing to compare with.
  const keep = (): void => void compare().catch(() => undefined);
  keep();
  const timer = setInterval(keep, everyMs);
  return () => clearInterval(timer);
}

/**
 * A process whose clock differs is not ready. Its decisions are still correct, because they use mongod's time, but one
 * of the two clocks is wrong.
 */
export function clockCheck(clock: Pick<ControlClock, 'reading'>): ReadinessCheck {
  return {
    name: 'clock',
    async check() {
      const reading = clock.reading();
      if (reading === undefined || !clocksAgree(reading)) throw new Error('the clocks differ');
    },
  };
}
