import { TenureError } from '../../domain/tenure-error.ts';
import type { Home } from './home.ts';

/** What was found: nothing, a part, something that is not as it should be, or exactly what should be there. */
export type Observation = 'absent' | 'partial' | 'wrong' | 'present';

/**
 * One part of a tenant's boundary on its cell. `ensure` may be repeated, even concurrently, and reaches the same state
 * from any starting point; `undo` reverts only what the same operation made or changed.
 */
export interface HomeStep<Result = string> {
  /** @throws TenureError owned_by_another, cell_unavailable */
  observe(home: Home): Promise<Observation>;
  /**
   * Makes it so and returns what was done, for people.
   * @throws TenureError owned_by_another, schema_rejected, cell_unavailable
   */
  ensure(home: Home): Promise<Result>;
  /**
   * Returns what was done, and what it left out because newer documents do not allow it.
   * @throws TenureError cell_unavailable
   */
  undo(home: Home): Promise<Result>;
}

/**
 * Undoes with `act`. What turns out to belong to another is left unchanged, and `resultOf` makes a result from the
 * reason.
 */
export async function unlessOwnedByAnother<Result>(
  act: () => Promise<Result>,
  resultOf: (reason: string) => Result,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TenureError && error.code === 'owned_by_another')
      return resultOf(`left unchanged: ${error.message}`);
    throw error;
  }
}

/** For a step whose result is only text. */
export const asResult = (reason: string): string => reason;
