import { setTimeout as delay } from 'node:timers/promises';
import type { Chance } from './chance.ts';
import type { Victim } from './victims.ts';

/** One kill or pause of a process. Times are from `Date.now()`. */
export interface Strike {
  readonly victim: Pick<Victim, 'name' | 'kind'>;
  readonly how: 'kill' | 'pause';
  readonly at: number;
  /** When the process was ready again, or continued. */
  over?: number;
  /** Why the process did not recover. */
  broken?: Error;
}

export interface StrikeOptions {
  readonly victims: readonly Victim[];
  readonly chance: Chance;
  readonly longestPauseMs: number;
  /** When it is aborted, no more processes are struck, and those that are down or paused are brought back. */
  readonly stop: AbortSignal;
  /** Called with a line about each strike when it happens. */
  readonly tell: (line: string) => void;
}

const firstAfterMs = 1_500;
const between = { leastMs: 300, spanMs: 3_500 };
const killShare = 0.7;
const killedInStartShare = 0.25;
const longestStartMs = 2_500;
const shortestPauseMs = 3_000;
const longestDownMs = 5_000;
/** With more at once, there is seldom a process left to do anything. */
const atOnce = 2;

/** Waits for this time, but ends early when it is stopped. */
async function pauseFor(ms: number, stop: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal: stop }).catch(() => undefined);
}

/** Strikes one process after another, at most `atOnce` at the same time. Resolves when all processes run again. */
export async function strikeAround({ victims, chance, longestPauseMs, stop, tell }: StrikeOptions): Promise<Strike[]> {
  const strikes: Strike[] = [];
  const under = new Map<Victim, Promise<void>>();

  /** Starts a process again. Some are killed once more while they start. */
  async function start(victim: Victim): Promise<void> {
    const starting = victim.start();
    if (!chance.happens(killedInStartShare)) return starting;
    starting.catch(() => undefined);
    await pauseFor(chance.number(longestStartMs), stop);
    tell(`kill ${victim.name} while it starts`);
    await victim.kill();
    await victim.start();
  }

  async function strike(victim: Victim): Promise<void> {
    const how = chance.happens(killShare) ? 'kill' : 'pause';
    const ms =
      how === 'kill' ? chance.number(longestDownMs) : shortestPauseMs + chance.number(longestPauseMs - shortestPauseMs);
    const made: Strike = { victim, how, at: Date.now() };
    strikes.push(made);
    tell(`${how} ${victim.name}, ${(ms / 1000).toFixed(1)} s`);
    try {
      if (how === 'kill') {
        await victim.kill();
        await pauseFor(ms, stop);
        await start(victim);
      } else {
        victim.pause();
        await pauseFor(ms, stop);
        victim.resume();
      }
      made.over = Date.now();
      under.delete(victim);
    } catch (error) {
      // It stays in `under`, so it is not struck again.
      made.broken = error as Error;
      tell(`${victim.name} does not recover: ${made.broken.message.slice(0, 300)}`);
    }
  }

  await pauseFor(firstAfterMs, stop);
  while (!stop.aborted) {
    const free = victims.filter((victim) => !under.has(victim));
    if (under.size < atOnce && free.length > 0) {
      const victim = chance.one(free);
      under.set(victim, strike(victim));
    }
    await pauseFor(between.leastMs + chance.number(between.spanMs), stop);
  }
  await Promise.all(under.values());
  return strikes;
}
