import { armFailpoint } from '../harness/armed-failpoint.ts';
import { concluded, diverged, worldsOf } from './checking.ts';
import { reached } from './performing.ts';
import type { Performing } from './performing.ts';
import { after, eventually, standing } from './possible.ts';
import type { Sent } from './run.ts';
import { failpointOf, standingAt } from './step.ts';
import type { StepOf } from './step.ts';

/**
 * If an attempt is paused for longer than this, Temporal may have given it up: then it is unknown how far the operation
 * is.
 */
const surelyStandsMs = 5_000;

/**
 * Sends requests while the operation of the first one is paused at a point where the model knows the answer to each of
 * them.
 */
export async function whileItStands(performing: Performing, { request, at, others }: StepOf<'while'>): Promise<void> {
  const { model, run } = performing;
  const name = failpointOf(at, request);
  const failpoint = armFailpoint(run.installation, name, 'pause');
  try {
    const first = await run.send(request);
    if (!(await reached(performing, name, first)) || first.answer.kind !== 'done' || first.answer.operation === null) {
      concluded(model, [first]);
      for (const other of others) concluded(model, [await run.send(other)]);
      return;
    }
    const since = performance.now();
    const sent: Sent[] = [];
    for (const other of others) sent.push(await run.send(other));
    const surely = performance.now() - since < surelyStandsMs;
    const about = request.tenant;
    const before = worldsOf(model, about);
    const began = after(before, first);
    let worlds = surely ? standing(began, first.answer.operation, standingAt(at, request)) : eventually(began);
    for (const one of sent.filter(({ request: { tenant } }) => tenant === about)) {
      // A cancelled operation may end before the failpoint is released.
      const next = after(surely ? eventually(worlds, ['cancelled']) : eventually(worlds), one);
      if (next.length === 0) throw diverged(worlds, [one], `while ${name} held the operation`);
      worlds = next;
    }
    if (worlds.length === 0) throw diverged(before, [first], 'the operation that should be paused');
    model.worlds.set(about, worlds);
    for (const one of sent.filter(({ request: { tenant } }) => tenant !== about)) concluded(model, [one]);
  } finally {
    failpoint.release();
  }
}
