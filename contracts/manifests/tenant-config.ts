import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';

export const configKeySchema = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,63}$/, 'must begin with a letter and hold at most 64 letters, digits, "_", "." and "-"');

const maxKeys = 200;
const maxBytes = 16_384;

/** Where a field name holds a NUL, which nothing in MongoDB may. */
function nulIn(value: unknown): PropertyKey[] | undefined {
  const pending: { readonly value: unknown; readonly path: PropertyKey[] }[] = [{ value, path: [] }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    for (const [key, child] of Object.entries(next.value)) {
      const path = [...next.path, Array.isArray(next.value) ? Number(key) : key];
      if (key.includes('\0')) return path;
      pending.push({ value: child, path });
    }
  }
  return undefined;
}

/** Settings by key, each any JSON value. They are stored and shown in the clear: no secret belongs here. */
export const configSchema = z
  .record(configKeySchema, jsonValueSchema)
  .refine((config) => Object.keys(config).length <= maxKeys, `must hold at most ${maxKeys} keys`)
  .refine((config) => new TextEncoder().encode(JSON.stringify(config)).length <= maxBytes, `must be at most ${maxBytes / 1024} KiB of JSON`)
  .superRefine((config, context) => {
    const path = nulIn(config);
    if (path !== undefined) context.addIssue({ code: 'custom', path, message: 'must not have a field name with a NUL character: MongoDB cannot store it' });
  })
  .meta({ description: `Settings by key, at most ${maxBytes / 1024} KiB of JSON. No secret belongs here.`, maxProperties: maxKeys });

export type Config = z.infer<typeof configSchema>;
export type ConfigValue = Config[string];
