import type { Paint } from '../text/paint.ts';
import { printable } from '../text/printable.ts';
import { renderFields } from '../text/table.ts';
import { childrenOf, requiredOf } from './field-schemas.ts';
import type { Field, FieldSchema } from './field-schemas.ts';

/** A type in YAML terms. */
function typeOf(schema: FieldSchema): string {
  const { type, items, additionalProperties, anyOf, enum: values, const: only } = schema;
  if (items !== undefined) return `list of ${plural(typeOf(items))}`;
  if (anyOf !== undefined) return [...new Set(anyOf.map(typeOf))].join(' or ');
  if (type === 'object' && schema.properties === undefined && additionalProperties !== undefined) {
    return typeof additionalProperties === 'object' && additionalProperties.type !== undefined
      ? `mapping of ${plural(typeOf(additionalProperties))}`
      : 'mapping';
  }
  if (type === undefined)
    return values !== undefined || only !== undefined
      ? [...new Set((values ?? [only]).map((value) => typeof value))].join(' or ')
      : 'anything';
  return { object: 'mapping', integer: 'whole number' }[type] ?? type;
}

function plural(word: string): string {
  return word.endsWith('s') || word.includes(' of ') ? word : `${word}s`;
}

/** The allowed values, if they can be listed. */
function allowedBy({ enum: values, const: only, items, anyOf }: FieldSchema): readonly string[] | undefined {
  if (values !== undefined) return values.map(String);
  if (typeof only === 'string' || typeof only === 'number' || typeof only === 'boolean') return [String(only)];
  if (items !== undefined && items.properties === undefined) return allowedBy(items);
  const alternatives = anyOf?.map(allowedBy);
  return alternatives?.every((each) => each !== undefined) === true ? alternatives.flat() : undefined;
}

function bounds({ minimum, maximum, minLength, maxLength, minItems, maxItems, type }: FieldSchema): string | undefined {
  const range = (from: number | undefined, to: number | undefined, unit: string): string | undefined => {
    // zod adds the bounds of safe integers if there are no others.
    const least = from === undefined || from === Number.MIN_SAFE_INTEGER ? undefined : from;
    const most = to === undefined || to === Number.MAX_SAFE_INTEGER ? undefined : to;
    if (least === undefined && most === undefined) return undefined;
    if (most === undefined) return `at least ${least}${unit}`;
    return least === undefined ? `at most ${most}${unit}` : `${least} to ${most}${unit}`;
  };
  if (type === 'array') return range(minItems, maxItems, ' entries');
  return type === 'string' ? range(minLength, maxLength, ' characters') : range(minimum, maximum, '');
}

const formOf: Readonly<Record<string, string>> = { 'date-time': 'RFC 3339 time, such as 2027-01-01T00:00:00.000Z' };

/** One field as text: its description, its allowed values, and the fields below it. */
export function renderField({ path, schema, required, outputOnly }: Field, paint: Paint): string {
  const facts = renderFields([
    ['Field', path],
    ['Type', typeOf(schema)],
    [
      'Written',
      outputOnly
        ? 'by Tenure only; ignored in a manifest'
        : path.includes('.')
          ? required
            ? 'required'
            : 'optional'
          : undefined,
    ],
    ['Allowed', allowedBy(schema)?.join(', ')],
    ['Default', schema.default === undefined ? undefined : JSON.stringify(schema.default)],
    ['Bounds', bounds(schema)],
    ['Form', schema.format === undefined ? schema.pattern : (formOf[schema.format] ?? schema.format)],
  ]);
  const description = schema.description === undefined ? '' : `\n${wrapped(schema.description, '  ')}`;
  const children = Object.entries(childrenOf(schema));
  if (children.length === 0) return `${facts}${description}`;
  const needed = requiredOf(schema);
  const rows = children.map(([name, child]) => {
    const mark = needed.includes(name) && !outputOnly ? ` ${paint('yellow', '-required-')}` : '';
    const text = [
      child.description,
      child.properties === undefined && allowedBy(child) !== undefined
        ? `One of ${allowedBy(child)?.join(', ')}.`
        : undefined,
    ]
      .filter((part) => part !== undefined)
      .join(' ');
    return `  ${name}  <${typeOf(child)}>${mark}\n${text === '' ? '' : wrapped(text, '      ')}`;
  });
  return `${facts}${description}\nFields:\n${rows.join('')}`;
}

const width = 110;

function wrapped(text: string, indent: string): string {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width - indent.length) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}${each}\n`).join('');
}

/** The same as data. */
export function fieldReport({ path, schema, required, outputOnly }: Field) {
  const allowed = allowedBy(schema);
  const { description, default: fallback } = schema;
  return {
    path,
    type: typeOf(schema),
    required,
    outputOnly,
    ...(description === undefined ? {} : { description }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(fallback === undefined ? {} : { default: fallback }),
    fields: Object.entries(childrenOf(schema)).map(([name, child]) => ({
      name,
      type: typeOf(child),
      required: requiredOf(schema).includes(name),
      ...(child.description === undefined ? {} : { description: child.description }),
    })),
  };
}
