import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { policiesDirectory } from '../../../tools/policies.ts';

const corpusSchema = z.strictObject({
  entrypoint: z.string(),
  base: z.json(),
  cases: z
    .array(z.strictObject({ name: z.string(), change: z.json(), allow: z.boolean(), rules: z.array(z.string()) }))
    .min(1),
});

/** A request of `policies/corpus`, and its expected decision. */
export interface CorpusCase {
  readonly name: string;
  readonly entrypoint: string;
  readonly input: unknown;
  readonly allow: boolean;
  readonly rules: readonly string[];
}

/** RFC 7396. */
function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const merged: Record<string, unknown> = typeof target === 'object' && !Array.isArray(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** Every case of every file. The cases of a file are changes to one request. */
export const corpus: readonly CorpusCase[] = globSync(join(policiesDirectory, 'corpus', '*.json'))
  .toSorted()
  .flatMap((file) => {
    const { entrypoint, base, cases } = corpusSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return cases.map(({ name, change, allow, rules }) => ({
      name,
      entrypoint,
      input: mergePatch(base, change),
      allow,
      rules,
    }));
  });
