import { parseEventTypes } from '../../domain/event-filter.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Caller } from '../../engines/requests/caller.ts';
import type { EventScope } from '../../store/events.ts';
import type { Store } from '../../store/store.ts';
import type { Authorize } from '../authorization.ts';
import { uidOfTenant } from '../known-tenant.ts';
import type { PageTokens } from '../page-token.ts';

/** What a caller asks for. */
export interface EventQuery {
  readonly tenant?: string | undefined;
  readonly types?: string | undefined;
  readonly since?: string | undefined;
  readonly afterSequence?: number | undefined;
}

/** The events that a caller may see of those it asks for, and the cursors of reading them. */
export interface EventReading {
  readonly scope: EventScope;
  /** The index at which the caller wants to begin. Undefined if it does not say. */
  readonly from: number | undefined;
  cursorAt(index: number): string;
}

export interface EventReadingDependencies {
  readonly store: Pick<Store, 'resources' | 'tombstones' | 'events'>;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
}

/**
 * Prepares to read events.
 * @throws TenureError not_found, forbidden; request_invalid; event_cursor_invalid
 */
export type PrepareEventReading = (
  caller: Caller,
  query: EventQuery,
  cursor: string | undefined,
) => Promise<EventReading>;

function startConflict(): TenureError {
  return new TenureError('request_invalid', 'after, since and afterSequence each say where to begin; send one of them');
}

export function createEventReading({ store, authorize, pageTokens }: EventReadingDependencies): PrepareEventReading {
  return async (caller, { tenant, types: typesText, since, afterSequence }, cursor) => {
    const types = parseEventTypes(typesText);
    if ([cursor, since, afterSequence].filter((start) => start !== undefined).length > 1) throw startConflict();
    if (afterSequence !== undefined && tenant === undefined)
      throw new TenureError('request_invalid', 'each tenant has its own sequence; send afterSequence with tenant');
    const { confinedTo } = await authorize(caller, 'event.list', { kind: 'Event' });
    const uid = tenant === undefined ? undefined : await uidOfTenant({ store, authorize }, tenant, caller);
    const tenants = uid === undefined ? confinedTo : [uid];
    const filter = { tenant: uid ?? null, types: types === undefined ? null : [...types].toSorted() };

    function readCursor(text: string): number {
      try {
        return Number(pageTokens.read('events', filter, text));
      } catch (error) {
        throw new TenureError(
          'event_cursor_invalid',
          'the cursor was issued for another filter, or by another installation',
          {
            cause: error,
          },
        );
      }
    }

    async function begin(): Promise<number | undefined> {
      if (cursor !== undefined) return readCursor(cursor);
      if (since !== undefined) return await store.events.indexSince(new Date(since));
      if (afterSequence !== undefined && uid !== undefined) return await store.events.indexAfter(uid, afterSequence);
      return undefined;
    }

    return {
      scope: { ...(tenants === undefined ? {} : { tenants }), ...(types === undefined ? {} : { types }) },
      from: await begin(),
      cursorAt: (index) => pageTokens.make('events', filter, String(index)),
    };
  };
}
