import autocannon from 'autocannon';
import { elapsedMs } from '../elapsed.ts';
import { scaled } from '../scale.ts';

const seconds = 1;
const connections = 16;
/** Not counted: compilers and pools are still warming up. */
const warmTurns = 3;
const turns = scaled(15, 3);

/** Answers per second to requests for one URL, sixteen at a time. */
export async function requestsPerSecond(url: string, headers: Record<string, string> = {}): Promise<number> {
  const result = await autocannon({ url, headers, connections, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`);
  return result.requests.total / result.duration;
}

/** How often per second the work is done by sixteen callers that repeat it. */
export async function timesPerSecond(work: (who: number) => Promise<void>): Promise<number> {
  let done = 0;
  const until = performance.now() + seconds * 1000;
  const tookMs = await elapsedMs(() =>
    Promise.all(
      Array.from({ length: connections }, async (_, who) => {
        while (performance.now() < until) {
          await work(who);
          done += 1;
        }
      }),
    ),
  );
  return (done * 1000) / tookMs;
}

/**
 * Value and floor, measured alternately, each for a second at a time: the machine is shared, and its speed changes
 * within seconds. Returns the turn with the median ratio.
 */
export async function turnByTurn(
  value: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<{ readonly value: number; readonly floor: number }> {
  const measured: { readonly value: number; readonly floor: number }[] = [];
  for (let turn = -warmTurns; turn < turns; turn += 1) {
    const pair = { floor: await floor(), value: await value() };
    if (turn >= 0) measured.push(pair);
  }
  const middle = measured.toSorted((a, b) => a.value / a.floor - b.value / b.floor)[Math.floor(turns / 2)];
  if (middle === undefined) throw new TypeError('nothing was measured');
  return middle;
}
