import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import type { Dirent, Stats } from 'node:fs';
import { join, resolve } from 'node:path';
import { addAbortSignal } from 'node:stream';
import type { Readable } from 'node:stream';
import { usageFailure } from '../failure.ts';
import { decodeText, NotText } from '../text/read-text.ts';
import { wholeSource } from './flaw.ts';
import type { ManifestFlaw, Source } from './flaw.ts';

/** The limit for one file; each document in it has its own limit. */
const maxBytes = 128 * 1024 * 1024;
const manifestFile = /\.(ya?ml|json)$/;

export interface SourceAccess {
  readonly workingDirectory: string;
  readonly stdin: Readable;
  readonly interrupted: AbortSignal;
}

export interface ReadSources {
  readonly sources: readonly Source[];
  readonly flaws: readonly ManifestFlaw[];
}

/**
 * Reads the arguments of `-f`: files, folders (their `*.yaml`, `*.yml` and `*.json` by name, without subfolders), and
 * `-` for stdin.
 * @throws CliFailure usage, for a path that cannot be read
 */
export async function readSources(paths: readonly string[], access: SourceAccess): Promise<ReadSources> {
  const sources: Source[] = [];
  const flaws: ManifestFlaw[] = [];
  const add = (name: string, bytes: Uint8Array | 'too large'): void => {
    const flaw = (message: string, fix: string): void => {
      flaws.push({ source: { name, text: '' }, span: wholeSource, message, fix });
    };
    if (bytes === 'too large') return flaw('is larger than 128 MiB', 'split it into several files');
    try {
      sources.push({ name, text: decodeText(bytes) });
    } catch (error) {
      if (!(error instanceof NotText)) throw error;
      flaw(error.message, error.fix);
    }
  };
  for (const path of paths) {
    if (path === '-') add('stdin', await readStream(access));
    else
      for (const file of filesAt(path, access.workingDirectory))
        add(file, readBounded(resolve(access.workingDirectory, file)));
  }
  return { sources, flaws };
}

function filesAt(path: string, workingDirectory: string): string[] {
  const full = resolve(workingDirectory, path);
  const found = reading(path, () => statSync(full, { throwIfNoEntry: false }));
  if (found === undefined) throw usageFailure(`${path} does not exist`, 'check the path given to -f');
  if (!found.isDirectory()) return [path];
  const files = reading(path, () => readdirSync(full, { withFileTypes: true }))
    .filter((entry) => manifestFile.test(entry.name) && !isFolder(entry, full))
    .map((entry) => join(path, entry.name))
    .toSorted();
  if (files.length === 0)
    throw usageFailure(
      `the folder ${path} contains no *.yaml, *.yml or *.json file`,
      'use the folder that contains the manifests',
    );
  return files;
}

/** Follows links. */
function isFolder(entry: Dirent, parent: string): boolean {
  return (
    entry.isDirectory() || (entry.isSymbolicLink() && attemptStat(join(parent, entry.name))?.isDirectory() === true)
  );
}

/** `undefined` on an error; reading the file will report it. */
function attemptStat(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Counts what it reads, because a pipe has no size. */
function readBounded(path: string): Uint8Array | 'too large' {
  return reading(path, () => {
    const file = openSync(path, 'r');
    try {
      const chunks: Uint8Array[] = [];
      for (let size = 0; size <= maxBytes;) {
        const chunk = Buffer.allocUnsafe(64 * 1024);
        const length = readSync(file, chunk);
        if (length === 0) return Buffer.concat(chunks);
        chunks.push(chunk.subarray(0, length));
        size += length;
      }
      return 'too large';
    } finally {
      closeSync(file);
    }
  });
}

/** Runs `read`. @throws CliFailure usage, if it fails */
function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw usageFailure(
      `${path} cannot be read (${error instanceof Error ? error.message : String(error)})`,
      'check the path and its permissions',
    );
  }
}

async function readStream({ stdin, interrupted }: SourceAccess): Promise<Uint8Array | 'too large'> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of addAbortSignal(interrupted, stdin) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > maxBytes) return 'too large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
