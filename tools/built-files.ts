import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Digest of the inputs of a build: `context`, such as the version of the compiler, and these files in `directory`, in
 * the given order.
 */
export function inputsDigest(context: string, directory: string, paths: readonly string[]): string {
  const hash = createHash('sha256').update(context);
  for (const path of paths) {
    const content = readFileSync(join(directory, path));
    hash.update(JSON.stringify([path, content.length])).update(content);
  }
  return `sha256:${hash.digest('hex')}`;
}

/** Writes the files to `directory` one by one, each atomically. `staging` must be on the same file system. */
export function installFiles(
  staging: string,
  directory: string,
  files: Readonly<Record<string, Buffer | string>>,
): void {
  for (const [name, content] of Object.entries(files)) {
    const draft = join(staging, `${name}.new`);
    writeFileSync(draft, content);
    renameSync(draft, join(directory, name));
  }
}
