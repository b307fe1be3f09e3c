import type { z } from 'zod';

type RawIssue = z.core.$ZodRawIssue;

const kinds: Readonly<Record<string, string>> = {
  string: 'a string',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};
const units: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: ['character', 'characters'],
  array: ['entry', 'entries'],
  set: ['entry', 'entries'],
  object: ['field', 'fields'],
  record: ['field', 'fields'],
};
const formats: Readonly<Record<string, string>> = {
  datetime: 'must be an RFC 3339 time, such as 2027-01-01T00:00:00Z',
  base64: 'must be base64',
  url: 'must be a URL with its scheme',
  uuid: 'must be a UUID',
};

/**
 * The message for an invalid value: `safeParse(value, { error: wordIssue })`. A message set in a schema takes
 * precedence. Returns `undefined` for issues without a message here.
 */
export function wordIssue(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${kinds[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? `must be ${String(issue.values[0])}`
        : `must be one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return bound('at least', issue.origin, Number(issue.minimum), issue.inclusive !== false);
    case 'too_big':
      return bound('at most', issue.origin, Number(issue.maximum), issue.inclusive !== false);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return (
        formats[issue.format] ??
        (issue.pattern === undefined ? `must have the format ${issue.format}` : `must match ${issue.pattern}`)
      );
    case 'unrecognized_keys':
      return `has unknown fields: ${issue.keys.join(', ')}`;
    case 'invalid_union':
      return issue.input === undefined ? 'is missing' : 'does not match any of the allowed forms';
    case 'invalid_key':
    case 'invalid_element':
    case 'custom':
      return undefined;
  }
}

function bound(side: 'at least' | 'at most', origin: string, limit: number, inclusive: boolean): string {
  const unit = units[origin];
  if (unit === undefined)
    return inclusive ? `must be ${side} ${limit}` : `must be ${side === 'at least' ? 'above' : 'below'} ${limit}`;
  if (side === 'at least' && limit === 1) return 'must not be empty';
  return `must have ${side} ${limit} ${unit[limit === 1 ? 0 : 1]}`;
}
