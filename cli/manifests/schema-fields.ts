import { z } from 'zod';

/** The known fields at a path of a schema; empty if it takes any field, or none. */
export function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
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
