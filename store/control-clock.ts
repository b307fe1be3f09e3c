import type { MongoClient } from 'mongodb';
import { TenureError } from '../domain/tenure-error.ts';
import { onControl } from './control-errors.ts';

/** How this process's clock and the control database's compare. */
export interface ClockReading {
  /** This process's clock minus mongod's, in milliseconds. The quicker the answer, the more exact it is. */
  readonly differenceMs: number;
  /** The minimum difference of the two clocks, whatever the time that the request took. */
  readonly apartMs: number;
}

/**
 * Every decision uses mongod's time: of all clocks in an installation, it is the one that every process can ask. A
 * process asks every few seconds, and counts on from there with its monotonic clock, which nobody sets.
 */
export interface ControlClock {
  /** mongod's time. Before the first answer it is the process's own time, with which nothing can be committed. */
  now(): Date;
  /** Asks mongod now. @throws TenureError control_unavailable */
  measure(): Promise<ClockReading>;
  /** Resolves when mongod has answered at least once. @throws TenureError control_unavailable */
  asked(): Promise<void>;
  /** The last reading. */
  reading(): ClockReading | undefined;
  /**
   * Asks mongod, and throws if the two clocks differ: one of them is wrong, and nobody can tell which. Required before
   * anything that cannot be undone.
   * @throws TenureError clock_off, control_unavailable
   */
  requireAgreement(): Promise<void>;
}

/** Clocks synchronized by NTP differ by a few milliseconds. */
export const clockToleranceMs = 5_000;

export function clocksAgree({ apartMs }: ClockReading): boolean {
  return apartMs <= clockToleranceMs;
}

/** Compares clocks by one question and its answer, after F. Cristian, "Probabilistic clock synchronization" (1989). */
export function compareClocks(request: {
  readonly atMs: number;
  readonly tookMs: number;
  readonly serverMs: number;
}): ClockReading {
  const differenceMs = request.atMs + request.tookMs / 2 - request.serverMs;
  return { differenceMs, apartMs: Math.max(0, Math.abs(differenceMs) - request.tookMs / 2) };
}

/** mongod's time at a moment of this process. */
export interface Sample {
  readonly serverMs: number;
  /** On the monotonic clock, in milliseconds. */
  readonly at: number;
  readonly uncertainMs: number;
}

/**
 * The error of a sample is up to half of the time that the answer took. A process that starts while mongod is suspended
 * would otherwise be ahead by seconds until it asks again, and give its entries ids that are too late.
 */
const uncertainAtMostMs = 50;
const asksAtMost = 4;

/** How far two clocks may drift apart: 100 parts per million, twice what hardware clocks do. */
const driftRate = 1e-4;
/** mongod's time has whole milliseconds. */
const resolutionMs = 1;

/**
 * The sample to count on from: the new one if it is at least as exact as the earlier one has become with its age, or if
 * the two contradict each other, because then mongod's clock was set.
 */
export function betterSample(earlier: Sample, later: Sample): Sample {
  const ageMs = later.at - earlier.at;
  const uncertainMs = earlier.uncertainMs + ageMs * driftRate;
  const apartMs = Math.abs(earlier.serverMs + ageMs - later.serverMs);
  const wasSet = apartMs > uncertainMs + later.uncertainMs + resolutionMs;
  return wasSet || later.uncertainMs <= uncertainMs ? later : earlier;
}

export function createControlClock(client: MongoClient): ControlClock {
  let last: ClockReading | undefined;
  let sample: Sample | undefined;

  async function ask(): Promise<Sample & { readonly reading: ClockReading }> {
    const [wall, startedAt] = [Date.now(), performance.now()];
    const { localTime } = await onControl(() => client.db('admin').command({ hello: 1 }));
    const tookMs = performance.now() - startedAt;
    const serverMs = (localTime as Date).getTime();
    const reading = compareClocks({ atMs: wall, tookMs, serverMs });
    last = reading;
    const latest: Sample = { serverMs, at: startedAt + tookMs / 2, uncertainMs: tookMs / 2 };
    sample = sample === undefined ? latest : betterSample(sample, latest);
    return { ...latest, reading };
  }

  async function measure(): Promise<ClockReading> {
    for (let asked = 1; ; asked += 1) {
      const { reading, uncertainMs } = await ask();
      if (uncertainMs <= uncertainAtMostMs || asked === asksAtMost) return reading;
    }
  }

  return {
    now: () => new Date(sample === undefined ? Date.now() : sample.serverMs + performance.now() - sample.at),
    measure,
    async asked() {
      if (sample === undefined) await measure();
    },
    reading: () => last,
    async requireAgreement() {
      const reading = await measure();
      if (clocksAgree(reading)) return;
      const seconds = Math.round(Math.abs(reading.differenceMs) / 1000);
      throw new TenureError(
        'clock_off',
        `the clock of this process is ${seconds} s ${reading.differenceMs > 0 ? 'ahead of' : 'behind'} the clock of the control database`,
      );
    },
  };
}
