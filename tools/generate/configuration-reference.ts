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

/** The reference of the environment variables of the processes. */
export function configurationReference(): GeneratedFile {
  const api = settingsOf(apiSettings);
  const worker = settingsOf(workerSettings);
  const same = (name: string): boolean => JSON.stringify(api.settings[name]) === JSON.stringify(worker.settings[name]);
  const only = (settings: Settings, shared: boolean): Settings =>
    Object.fromEntries(Object.entries(settings).filter(([name]) => same(name) === shared));
  const table = (settings: Settings, required: readonly string[]): string =>
    markdownTable(['Setting', 'Default', 'Description'], rowsOf(settings, required));
  return markdownPage('docs/reference/configuration.md', 'platform/config.ts', [
    '# Configuration',
    'The processes read environment variables once, when they start. If a setting is missing or wrong, the process exits with a message that names it. An empty variable counts as not set. `node api/main.ts --explain-config` and `node workers/main.ts --explain-config` start nothing: they print each setting with its value and whether it comes from the environment or a default, without secrets. They also read the files that settings name, list each missing or wrong setting with its fix, and exit with code 2 if there are any. The variables of the command line are in its own [reference](cli.md#environment).',
    '## API and worker',
    table(only(api.settings, true), api.required),
    '## API',
    table(only(api.settings, false), api.required),
    '## Worker',
    table(only(worker.settings, false), worker.required),
  ]);
}
