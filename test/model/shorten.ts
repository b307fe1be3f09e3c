import type { ModelRequest } from './request.ts';
import type { Step } from './step.ts';

/** A run that failed, and why. */
export interface Failing {
  readonly steps: readonly Step[];
  readonly error: unknown;
}

const without = <T>(items: readonly T[], count: number): readonly (readonly T[])[] => items.map((_, index) => items.toSpliced(index, count)).toReversed();

/** A step with one request less, for each that it can do without. */
function lesser(step: Step): Step[] {
  const fewer = (requests: readonly ModelRequest[], least: number): readonly (readonly ModelRequest[])[] => (requests.length > least ? without(requests, 1) : []);
  switch (step.step) {
    case 'race':
    case 'kill-api':
      return [...fewer(step.requests, 2).map((requests) => ({ ...step, requests })), ...step.requests.map((request): Step => ({ step: 'send', request }))];
    case 'while':
      return [...fewer(step.others, 1).map((others) => ({ ...step, others })), { step: 'send', request: step.request }];
    case 'repeat':
    case 'kill-worker':
      return [{ step: 'send', request: step.request }];
    default:
      return [];
  }
}

/** Shorter runs to try, those first that leave most away. */
function* shorter(steps: readonly Step[]): Generator<readonly Step[]> {
  for (let count = Math.floor(steps.length / 2); count > 1; count = Math.floor(count / 2)) yield* without(steps, count);
  yield* without(steps, 1);
  for (const [index, step] of steps.entries()) for (const less of lesser(step)) yield steps.with(index, less);
}

/** Leaves away whatever a failing run also fails without, until a time of `performance.now()`. */
export async function shortened(failing: Failing, replay: (steps: readonly Step[]) => Promise<void>, until: number): Promise<Failing> {
  let shortest = failing;
  for (let found = true; found; ) {
    found = false;
    for (const steps of shorter(shortest.steps)) {
      if (performance.now() > until) return shortest;
      const error: unknown = await replay(steps).then(() => undefined, (caught: unknown) => caught ?? new Error('it failed without a reason'));
      if (error === undefined) continue;
      shortest = { steps, error };
      found = true;
      break;
    }
  }
  return shortest;
}
