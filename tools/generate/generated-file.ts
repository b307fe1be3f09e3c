import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file that is generated from code and kept in version control. */
export interface GeneratedFile {
  /** Relative to the clone, with `/`. */
  readonly path: string;
  readonly content: string;
}

/** A set of generated files. */
export interface GeneratedSet {
  readonly files: readonly GeneratedFile[];
  /** A directory that contains only generated files, relative to the clone. */
  readonly folder: string;
}

/** How a file in the clone differs from the generated one. */
export interface Drift {
  readonly path: string;
  readonly kind: 'missing' | 'changed' | 'left over';
}

/** The first line of a generated file. */
export function generatedNotice(source: string): string {
  return `Generated from ${source} by \`npm run generate\`. Do not edit: change the source and run it again.`;
}

/** Compares the files in the clone with the generated ones. */
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

/** Updates the clone to the generated files. Returns the differences. */
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
