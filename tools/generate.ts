import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { configurationReference } from './generate/configuration-reference.ts';
import { contractSchemaFiles, contractSchemaFolder } from './generate/contract-schemas.ts';
import type { GeneratedFile } from './generate/generated-file.ts';
import { lifecycleReference } from './generate/lifecycle-reference.ts';
import { problemReference } from './generate/problem-reference.ts';
import { routeReference } from './generate/route-reference.ts';
import { OperatorError, runMain } from './process/operator-error.ts';

const clone = fileURLToPath(new URL('..', import.meta.url));

/** Writes every generated file, or with `--check` says which differ from what would be written; then the exit code is 1. */
async function main(): Promise<number> {
  const unknown = process.argv.slice(2).filter((argument) => argument !== '--check');
  if (unknown.length > 0) throw new OperatorError(`unknown argument ${unknown.join(' ')}; usage: npm run generate [-- --check]`);
  const files = [...contractSchemaFiles(), problemReference(), routeReference(), lifecycleReference(), configurationReference()];
  return process.argv.includes('--check') ? check(files) : write(files);
}

function write(files: readonly GeneratedFile[]): number {
  const changed = files.filter((file) => differs(file));
  for (const { path, content } of changed) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), content);
    console.log(`wrote ${path}`);
  }
  for (const path of leftOver(files)) {
    rmSync(join(clone, path));
    console.log(`removed ${path}`);
  }
  console.log(`${files.length} generated files, ${changed.length} changed`);
  return 0;
}

function check(files: readonly GeneratedFile[]): number {
  const drifted = [
    ...files.filter((file) => differs(file)).map(({ path }) => `${path} ${existsSync(join(clone, path)) ? 'is not what the code says' : 'is missing'}`),
    ...leftOver(files).map((path) => `${path} is no longer generated`),
  ];
  for (const drift of drifted) console.error(`${drift}: npm run generate`);
  return drifted.length === 0 ? 0 : 1;
}

function differs({ path, content }: GeneratedFile): boolean {
  return !existsSync(join(clone, path)) || readFileSync(join(clone, path), 'utf8') !== content;
}

/** Files in the folder of generated files that nothing makes any more. */
function leftOver(files: readonly GeneratedFile[]): string[] {
  const made = new Set(files.map(({ path }) => path));
  return globSync(`${contractSchemaFolder}/*`, { cwd: clone }).filter((path) => !made.has(path.replaceAll('\\', '/')));
}

await runMain(main);
