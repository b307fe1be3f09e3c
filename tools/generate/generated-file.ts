import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file that is made from code and kept in version control. */
export interface GeneratedFile {
  /** Relative to the clone, with `/`. */
  readonly path: string;
  readonly content: string;
}

/** What a set of generated files consists of. */
export interface GeneratedSet {
  readonly files: readonly GeneratedFile[];
  /** A folder that holds nothing else, relative to the clone. */
  readonly folder: string;
}

/** How a file in the clone differs from what is generated. */
export interface Drift {
  readonly path: string;
  readonly kind: 'missing' | 'changed' | 'left over';
}

/** What the first line of a generated file says. */
export function generatedNotice(source: string): string {
  return `Generated from ${source} by \`npm run generate\`; change that and run it again.`;
}

/** Compares the files of the clone with what is generated. */
export function findDrift({ files, folder }: GeneratedSet, clone: string): Drift[] {
  const made = new Set(files.map(({ path }) => path));
  const leftOver = globSync(`${folder}/*`, { cwd: clone })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !made.has(path));
  return [
    ...files.flatMap(({ path, content }): Drift[] => {
      if (!existsSync(join(clone, path))) return [{ path, kind: 'missing' }];
      return readFileSync(join(clone, path), 'utf8') === content ? [] : [{ path, kind: 'changed' }];
    }),
    ...leftOver.map((path) => ({ path, kind: 'left over' as const })),
  ];
}

/** Brings the clone to what is generated. Returns what differed. */
export function writeGenerated(set: GeneratedSet, clone: string): Drift[] {
  const drift = findDrift(set, clone);
  for (const { path } of drift) {
    const file = set.files.find((candidate) => candidate.path === path);
    if (file === undefined) {
      rmSync(join(clone, path));
      continue;
    }
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), file.content);
  }
  return drift;
}
