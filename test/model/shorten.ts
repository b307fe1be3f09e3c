import type { ModelRequest } from './request.ts';
import type { Step } from './step.ts';

/** A run that failed, and its error. */
export interface Failing {
  readonly steps: readonly Step[];
  readonly error: unknown;
}

/** Smaller versions of a step: with one request less, or with a single request. */
function lesser(step: Step): Step[] {
  const fewer = (requests: readonly ModelRequest[], least: number): readonly (readonly ModelRequest[])[] =>
    requests.length > least ? requests.map((_, index) => requests.toSpliced(index, 1)) : [];
  switch (step.step) {
    case 'race':
    case 'kill-api':
    case 'kill-mongod':
      return [
        ...fewer(step.requests, 2).map((requests) => ({ ...step, requests })),
        ...step.requests.map((request): Step => ({ step: 'send', request })),
      ];
    case 'while':
      return [...fewer(step.others, 1).map((others) => ({ ...step, others })), { step: 'send', request: step.request }];
    case 'repeat':
    case 'kill-worker':
      return [{ step: 'send', request: step.request }];
    default:
      return [];
  }
}

/**
 * Removes everything without which a failing run still fails, until a time of `performance.now()`: halves, quarters,
 * single steps (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), then single
 * requests. The last step is kept, because it is the one that failed.
 */
export async function shortened(
  failing: Failing,
  replay: (steps: readonly Step[]) => Promise<void>,
  until: number,
): Promise<Failing> {
  let shortest = failing;
  async function failsToo(steps: readonly Step[]): Promise<boolean> {
    if (performance.now() > until) return false;
    const error: unknown = await replay(steps).then(
      () => undefined,
      (caught: unknown) => caught ?? new Error('the run failed without an error'),
    );
    if (error !== undefined) shortest = { steps, error };
    return error !== undefined;
  }
  for (let size = Math.ceil(failing.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < shortest.steps.length - 1;) {
      const count = Math.min(size, shortest.steps.length - 1 - start);
      if (!(await failsToo(shortest.steps.toSpliced(start, count)))) start += count;
    }
  }
  for (let index = 0; index < shortest.steps.length; index += 1) {
    for (let found = true; found;) {
      found = false;
      for (const less of lesser(shortest.steps[index]!)) found ||= await failsToo(shortest.steps.with(index, less));
    }
  }
  return shortest;
}
