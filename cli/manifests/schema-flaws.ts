import { z } from 'zod';
import { didYouMean, nearest } from '../text/wording.ts';
import { meantBy } from './yaml-constructs.ts';

/** The known fields at a path of a schema; empty if it takes any field, or none. */
function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType | undefined = schema;
  for (const segment of path) at = child(unwrapped(at), segment);
  const found = unwrapped(at);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

/** Whether a schema takes any JSON at a path. */
export function isFreeForm(schema: z.core.$ZodType, path: readonly PropertyKey[]): boolean {
  let at: z.core.$ZodType | undefined = schema;
  for (const segment of path) {
    at = unwrapped(at);
    if (at === undefined || !(at instanceof z.ZodObject || at instanceof z.ZodArray || at instanceof z.ZodRecord))
      return at !== undefined;
    at = child(at, segment);
  }
  at = unwrapped(at);
  return at instanceof z.ZodLazy || at instanceof z.ZodUnknown;
}

function child(schema: z.core.$ZodType | undefined, segment: PropertyKey): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Readonly<Record<PropertyKey, z.core.$ZodType>>)[segment];
  if (schema instanceof z.ZodArray) return schema.element;
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return undefined;
}

function unwrapped(schema: z.core.$ZodType | undefined): z.core.$ZodType | undefined {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return unwrapped(schema.unwrap());
  return schema instanceof z.ZodPipe ? unwrapped(schema.in) : schema;
}

/** Why a value does not match a schema, in words for the author of the manifest. */
export interface SchemaFlaw {
  readonly path: readonly PropertyKey[];
  /** Whether the key or its value is wrong. */
  readonly at: 'value' | 'key';
  readonly message: string;
  readonly fix?: string;
}

type Issue = z.core.$ZodIssue;

/** `spec.services[0].name` */
function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('');
}

/**
 * Explains a zod issue in terms of the manifest, with scalars as written. An issue with several unknown fields becomes
 * several flaws.
 */
export function explainIssue(
  issue: Issue,
  schema: z.core.$ZodType,
  value: unknown,
  sourceAt: (path: readonly PropertyKey[]) => string | undefined,
): SchemaFlaw[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownField([...path, key], fieldsAt(schema, path)));
  const given = valueAt(value, path);
  const allowed = allowedBy(issue);
  const flaw = (message: string, fix?: string): SchemaFlaw[] => [
    {
      path,
      at: 'value',
      message: `${fieldName(path) || 'the manifest'} ${message}`,
      ...(fix === undefined ? {} : { fix }),
    },
  ];
  if (given === undefined) {
    return [
      {
        path,
        at: 'key',
        message: `missing field "${fieldName(path)}"`,
        fix: `add ${String(path.at(-1))}${expectation(issue, allowed)}`,
      },
    ];
  }
  if (allowed !== undefined) return flaw(`is ${shown(given)}, which is not an allowed value`, choice(given, allowed));
  if (issue.code === 'invalid_type') {
    const written = { given, source: sourceAt(path) ?? JSON.stringify(given) };
    return flaw(
      `must be a ${typeWord(issue.expected)}, but is ${typeof given === 'number' ? written.source : shown(given)}`,
      typeFix(issue.expected, written, path),
    );
  }
  if (issue.code === 'invalid_key')
    return [{ path, at: 'key', message: `${fieldName(path)}: the key ${issue.issues[0]?.message ?? issue.message}` }];
  return flaw(/^(must|is|has) /.test(issue.message) ? issue.message : `is not valid: ${issue.message}`);
}

function unknownField(path: readonly PropertyKey[], known: readonly string[]): SchemaFlaw {
  const field = String(path.at(-1));
  const otherwise = known.length === 0 ? 'remove it' : `remove it; known fields: ${known.join(', ')}`;
  return { path, at: 'key', message: `unknown field "${fieldName(path)}"`, fix: didYouMean(field, known, otherwise) };
}

/** The values of an enumeration, a literal, or a union of them. */
function allowedBy(issue: Issue): readonly string[] | undefined {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return undefined;
  const alternatives = issue.errors.flat();
  return alternatives.length > 0 && alternatives.every(({ code }) => code === 'invalid_value')
    ? alternatives.flatMap((alternative) => allowedBy(alternative) ?? [])
    : undefined;
}

function choice(given: unknown, allowed: readonly string[]): string {
  if (allowed.length === 1) return `use ${allowed[0]}`;
  const meant = typeof given === 'string' ? nearest(given, allowed) : undefined;
  return `use one of ${allowed.join(', ')}${meant === undefined ? '' : `; did you mean "${meant}"?`}`;
}

function expectation(issue: Issue, allowed: readonly string[] | undefined): string {
  if (allowed?.length === 1) return `: ${allowed[0]}`;
  if (allowed !== undefined) return `: one of ${allowed.join(', ')}`;
  return issue.code === 'invalid_type' ? `, a ${typeWord(issue.expected)}` : '';
}

interface Written {
  readonly given: unknown;
  /** As written in the manifest, without quotes. */
  readonly source: string;
}

function typeFix(expected: string, { given, source }: Written, path: readonly PropertyKey[]): string | undefined {
  if (given === null)
    return expected === 'string' && /^null$/i.test(source)
      ? `give it a value, or put it in quotes: "${source}"`
      : 'give it a value, or remove it';
  if (expected === 'string' && typeof given !== 'object') return `quote it: "${source}"`;
  if (expected === 'array' && typeof given !== 'object')
    return `write a list: [${typeof given === 'string' ? JSON.stringify(given) : source}]`;
  if (typeof given === 'string' && (expected === 'boolean' || expected === 'number' || expected === 'int'))
    return scalarFix(expected, given);
  return path.length === 0 ? 'start with apiVersion, kind, metadata and spec' : undefined;
}

/** For text in a boolean or number field. */
function scalarFix(expected: 'boolean' | 'number' | 'int', given: string): string | undefined {
  const type = expected === 'boolean' ? 'boolean' : 'number';
  const meant = meantBy(given);
  if (typeof meant === type) return `write ${meant}`;
  const isQuoted = type === 'boolean' ? /^(true|false)$/.test(given) : /^-?(0|[1-9]\d*)(\.\d+)?$/.test(given);
  return isQuoted ? `write it without quotes: ${given}` : undefined;
}

function typeWord(expected: string): string {
  return { object: 'mapping', record: 'mapping', array: 'list', int: 'whole number' }[expected] ?? expected;
}

function shown(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Readonly<Record<PropertyKey, unknown>>)[part];
  }
  return at;
}
