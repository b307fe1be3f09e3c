import { InvalidArgumentError, Option } from 'commander';
import { parseDurationMs } from '../text/duration.ts';

/** The value of an option that counts something, at least 1. */
export function parseWholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1)
    throw new InvalidArgumentError('Write a whole number greater than zero.');
  return number;
}

/** The same, at least 0. */
export function parseCount(text: string): number {
  return /^0+$/.test(text) ? 0 : parseWholeNumber(text);
}

const dayMs = 24 * 60 * 60 * 1000;

/** A time, or how long ago: `30m`, `2h`, `7d`. Returns RFC 3339. */
export function parsePointInTime(text: string): string {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const agoMs = days === undefined ? parseDurationMs(text) : Number(days) * dayMs;
  const time = agoMs === undefined ? Date.parse(text) : Date.now() - agoMs;
  if (Number.isNaN(time) || (agoMs === undefined && !/^\d{4}-\d\d-\d\d/.test(text)))
    throw new InvalidArgumentError(
      'Write a time, such as 2026-11-21T14:30:00Z, or how long ago, such as 30m, 2h or 7d.',
    );
  return new Date(time).toISOString();
}

const maxTimeoutMs = dayMs;

/** `--timeout`; its value is in milliseconds. */
export function timeoutOption(defaultText: string): Option {
  return new Option('--timeout <duration>', 'how long to wait, such as 90s or 2m')
    .default(parseTimeoutMs(defaultText), defaultText)
    .argParser(parseTimeoutMs);
}

function parseTimeoutMs(text: string): number {
  const timeoutMs = parseDurationMs(text);
  if (timeoutMs === undefined || timeoutMs > maxTimeoutMs)
    throw new InvalidArgumentError('Write a duration of at most 24h, such as 500ms, 90s, 2m or 1h.');
  return timeoutMs;
}
