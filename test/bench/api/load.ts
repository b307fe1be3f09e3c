import autocannon from 'autocannon';
import { elapsedMs } from '../elapsed.ts';
import { percentile } from '../figure.ts';
import { scaled } from '../scale.ts';

const seconds = scaled(4, 1);
const connections = 16;
const turns = 3;

/** Answers per second to requests for one URL, sixteen at a time. */
export async function requestsPerSecond(url: string, headers: Record<string, string> = {}): Promise<number> {
  const result = await autocannon({ url, headers, connections, duration: seconds });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`);
  return result.requests.average;
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

/** Value and floor, measured alternately after one round of each that is not counted. */
export async function turnByTurn(
  value: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<{ readonly value: number; readonly floor: number }> {
  const values: number[] = [];
  const floors: number[] = [];
  await floor();
  await value();
  for (let turn = 0; turn < turns; turn += 1) {
    floors.push(await floor());
    values.push(await value());
  }
  return { value: percentile(values, 0.5), floor: percentile(floors, 0.5) };
}
