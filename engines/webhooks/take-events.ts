import type { WebhookFilter } from '../../domain/webhook-filter.ts';
import type { LoggedEvent } from '../../store/events.ts';
import type { Store } from '../../store/store.ts';
import type { FeedSeat } from '../events/event-feed.ts';

/** Events of a part of the log that match a filter. */
export interface Taken {
  readonly events: readonly LoggedEvent[];
  /** Everything before this index was examined. */
  readonly readTo: number;
  /** Whether the log, or the part, had nothing more. */
  readonly isEnd: boolean;
}

/** A part of the log: from an index on, and before another if it is given. */
export interface LogPart {
  readonly from: number;
  readonly to?: number;
}

/** Takes the next events that match, at most `limit`: from memory if they are there. */
export type TakeEvents = (filter: WebhookFilter, seat: FeedSeat, part: LogPart, limit: number) => Promise<Taken>;

export function createTakeEvents({ events, revisions }: Pick<Store, 'events' | 'revisions'>): TakeEvents {
  async function fitsLabels({ type, tenant, entry }: LoggedEvent, filter: WebhookFilter): Promise<boolean> {
    if (filter.fitsLabels === undefined || tenant === null || type === 'webhook.tested.v1') return true;
    const revision = await revisions.find(tenant, { time: new Date(entry.time) });
    return filter.fitsLabels(revision?.labels ?? {});
  }

  async function read(filter: WebhookFilter, seat: FeedSeat, from: number, limit: number): Promise<Taken> {
    const recent = seat.recent(from);
    if (recent !== undefined) return { events: recent, readTo: Math.max(from, seat.end()), isEnd: true };
    const found = await events.read(filter.types === undefined ? {} : { types: filter.types }, from, limit);
    return { ...found, events: found.events.map(({ document }) => document) };
  }

  return async (filter, seat, { from, to = Infinity }, limit) => {
    const found = await read(filter, seat, from, limit);
    const matching: LoggedEvent[] = [];
    for (const event of found.events) {
      if (event.index >= to) break;
      if (matching.length === limit) return { events: matching, readTo: event.index, isEnd: false };
      const { type, tenant, entry } = event;
      if (filter.fits({ type, tenant, data: entry.event?.data ?? {} }) && (await fitsLabels(event, filter)))
        matching.push(event);
    }
    const readTo = Math.min(found.readTo, to);
    return { events: matching, readTo, isEnd: found.isEnd || readTo === to };
  };
}
