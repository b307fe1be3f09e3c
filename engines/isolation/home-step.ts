import { TenureError } from '../../domain/tenure-error.ts';
import type { Home } from './home.ts';

/** What was found: nothing, some of it, all of it but not as it should be, or exactly what should be. */
export type Observation = 'absent' | 'partial' | 'wrong' | 'present';

/**
 * One part of a tenant's boundary on its cell. `ensure` may be repeated, at once even, and ends in the same place from
 * wherever it starts; `undo` takes back only what the same operation has made or changed.
 */
export interface HomeStep<Result = string> {
  /** @throws TenureError owned_by_another, cell_unavailable */
  observe(home: Home): Promise<Observation>;
  /** Brings it about and returns what was done, for people. @throws TenureError owned_by_another, schema_rejected, cell_unavailable */
  ensure(home: Home): Promise<Result>;
  /** Says what it has left out, where documents written since do not allow what was there before. @throws TenureError cell_unavailable */
  undo(home: Home): Promise<Result>;
}

/** Undoes by `act`. What turns out to be another's is not for undoing: it is left alone, and what `told` makes of the reason says so. */
export async function unlessOwnedByAnother<Result>(
  act: () => Promise<Result>,
  told: (why: string) => Result,
): Promise<Result> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof TenureError && error.code === 'owned_by_another')
      return told(`left as it is: ${error.message}`);
    throw error;
  }
}

/** For a step that says nothing but what was done. */
export const asResult = (why: string): string => why;
