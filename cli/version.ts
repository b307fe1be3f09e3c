import { readFileSync } from 'node:fs';

/** The version of the package that this file lies in: the project, or what was published of it. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}
