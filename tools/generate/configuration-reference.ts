import { z } from 'zod';
import { apiSettings, workerSettings } from '../../platform/config.ts';
import type { JsonSchema } from './contract-schemas.ts';
import type { GeneratedFile } from './generated-file.ts';
import { markdownPage, markdownTable, plainText } from './markdown.ts';

type Settings = Readonly<Record<string, JsonSchema>>;

function settingsOf(schema: z.ZodType): { settings: Settings; required: readonly string[] } {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return { settings: properties as Settings, required };
}

function rowsOf(settings: Settings, required: readonly string[]): string[][] {
  return Object.entries(settings).map(([name, { description, default: fallback, enum: values }]) => {
    if (description === undefined) throw new Error(`${name} has no description: give it one in platform/config.ts`);
    const takes = values === undefined ? '' : ` One of ${values.join(', ')}.`;
    const unset = required.includes(name) ? 'required' : 'not set';
    return [`\`${name}\``, fallback === undefined ? unset : `\`${plainText(fallback)}\``, `${description}${takes}`];
  });
}

/** The reference of the environment variables that the processes read. */
export function configurationReference(): GeneratedFile {
  const api = settingsOf(apiSettings);
  const worker = settingsOf(workerSettings);
  const same = (name: string): boolean => JSON.stringify(api.settings[name]) === JSON.stringify(worker.settings[name]);
  const only = (settings: Settings, shared: boolean): Settings =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => same(name) === shared));
  const table = (settings: Settings, required: readonly string[]): string =>
    markdownTable(['Setting', 'Default', 'What it is for'], rowsOf(settings, required));
  return markdownPage('docs/reference/configuration.md', 'platform/config.ts', [
    '# Configuration',
    'The processes read environment variables, once, when they start. One that is missing or wrong ends the process with a message that names it; an empty one counts as not set. `node api/main.ts --explain-config` and `node workers/main.ts --explain-config` start nothing: they print each setting with its value, and whether the environment or a default says so, without secrets. They read the files that settings name, list what is missing or wrong with its fix, and end with 2 then. What the command line reads is in its own [reference](cli.md#environment).',
    '## API and worker',
    table(only(api.settings, true), api.required),
    '## API',
    table(only(api.settings, false), api.required),
    '## Worker',
    table(only(worker.settings, false), worker.required),
  ]);
}
