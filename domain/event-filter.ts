import { eventTypes, isEventType } from '../contracts/event-types.ts';
import type { EventType } from '../contracts/event-types.ts';
import { TenureError } from './tenure-error.ts';

const families = [...new Set(eventTypes.map((type) => `${type.slice(0, type.indexOf('.'))}.*`))];

function typesOf(word: string, pointer: string): readonly EventType[] {
  if (isEventType(word)) return [word];
  const prefix = word.endsWith('.*') ? word.slice(0, -1) : undefined;
  const matching = prefix === undefined ? [] : eventTypes.filter((type) => type.startsWith(prefix));
  if (matching.length > 0) return matching;
  const message = `"${word}" is not a type of event`;
  throw new TenureError('request_invalid', `${pointer.slice(1).replaceAll('/', '.')}: ${message}`, {
    errors: [
      {
        pointer,
        message,
        fix: `Use a type from GET /v1/event-types, or all of a kind: ${families.join(', ')}.`,
        allowed: [...families, ...eventTypes],
      },
    ],
  });
}

/**
 * The types that a filter selects: types and `kind.*`, separated by commas. Undefined if it selects all.
 * @throws TenureError request_invalid
 */
export function parseEventTypes(text: string | undefined): ReadonlySet<EventType> | undefined {
  const words = (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  return words.length === 0 ? undefined : new Set(words.flatMap((word) => typesOf(word, '/types')));
}

/** The types that these words select. @throws TenureError request_invalid, with the pointer of a wrong word */
export function eventTypesOf(words: readonly string[], pointer: string): ReadonlySet<EventType> {
  return new Set(words.flatMap((word, index) => typesOf(word, `${pointer}/${index}`)));
}
