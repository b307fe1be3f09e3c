import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';
import { freeJsonFlaw } from './free-json.ts';

export const configKeySchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
    'must start with a letter and have at most 64 letters, digits, "_", "." and "-"',
  );

const maxKeys = 200;
const maxBytes = 16_384;
/** The same limit as for a whole request body. */
const maxDepth = 64;

/** Settings by key; values are any JSON. They are stored and shown in plain text, so they must not contain secrets. */
export const configSchema = z
  .record(configKeySchema, jsonValueSchema)
  .refine((config) => Object.keys(config).length <= maxKeys, `must contain at most ${maxKeys} keys`)
  .refine(
    (config) => new TextEncoder().encode(JSON.stringify(config)).length <= maxBytes,
    `must be at most ${maxBytes / 1024} KiB of JSON`,
  )
  .superRefine((config, context) => {
    const found = freeJsonFlaw(config, { maxDepth, maxValues: maxBytes });
    if (found !== undefined) context.addIssue({ code: 'custom', message: found.message, path: [...found.path] });
  })
  .meta({
    description: `Settings by key, at most ${maxBytes / 1024} KiB of JSON. Do not put secrets here.`,
    maxProperties: maxKeys,
  });

export type Config = z.infer<typeof configSchema>;
export type ConfigValue = Config[string];
