import { z } from 'zod';
import { jsonValueSchema } from '../json-value.ts';
import { freeJsonFlaw } from './free-json.ts';

export const configKeySchema = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
    'must begin with a letter and hold at most 64 letters, digits, "_", "." and "-"',
  );

const maxKeys = 200;
const maxBytes = 16_384;
/** As deep as a whole body may nest. */
const maxDepth = 64;

/** Settings by key, each any JSON value. They are stored and shown in the clear: no secret belongs here. */
export const configSchema = z
  .record(configKeySchema, jsonValueSchema)
  .refine((config) => Object.keys(config).length <= maxKeys, `must hold at most ${maxKeys} keys`)
  .refine(
    (config) => new TextEncoder().encode(JSON.stringify(config)).length <= maxBytes,
    `must be at most ${maxBytes / 1024} KiB of JSON`,
  )
  .superRefine((config, context) => {
    const found = freeJsonFlaw(config, { maxDepth, maxValues: maxBytes });
    if (found !== undefined) context.addIssue({ code: 'custom', message: found.message, path: [...found.path] });
  })
  .meta({
    description: `Settings by key, at most ${maxBytes / 1024} KiB of JSON. No secret belongs here.`,
    maxProperties: maxKeys,
  });

export type Config = z.infer<typeof configSchema>;
export type ConfigValue = Config[string];
