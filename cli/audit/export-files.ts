import { once } from 'node:events';
import { createReadStream, createWriteStream, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { canonicalBytes } from '../../contracts/canonical-json.ts';
import { loggedEntrySchema } from '../../contracts/log-export.ts';
import type { LoggedEntry, SignedHead } from '../../contracts/log-export.ts';
import { failureWithFix, usageFailure } from '../failure.ts';
import { readText, reasonOf } from '../text/read-text.ts';

/** What an export is written from. */
export interface Exported {
  /** The head up to which it goes. */
  readonly signed: SignedHead;
  /** Smaller signed heads. */
  readonly earlier: readonly SignedHead[];
  readonly keys: readonly string[];
  readonly entries: AsyncIterable<LoggedEntry>;
}

/** The files of an export. Entries are one canonical JSON object per line, in the order of the log. */
const files = { head: 'checkpoint', heads: 'checkpoints', keys: 'keys', entries: 'entries.jsonl' } as const;

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.trim() !== '');

/**
 * Writes an export into a directory, which must be new or empty. The signed head is written last: an export without it
 * is not complete. Returns how many entries it has.
 * @throws CliFailure usage
 */
export async function writeExport(directory: string, { signed, earlier, keys, entries }: Exported): Promise<number> {
  let count = 0;
  try {
    mkdirSync(join(directory, files.heads), { recursive: true });
    writeFileSync(join(directory, files.keys), keys.map((key) => `${key}\n`).join(''));
    for (const { size, note } of earlier) writeFileSync(join(directory, files.heads, String(size)), note);
  } catch (error) {
    throw usageFailure(`cannot write to ${directory}: ${reasonOf(error)}`, 'name a directory that you can write to');
  }
  const out = createWriteStream(join(directory, files.entries));
  const failed = once(out, 'error').then(([error]: unknown[]) => {
    throw usageFailure(`cannot write to ${directory}: ${reasonOf(error)}`, 'make room, or name another directory');
  });
  const finished = async (): Promise<void> => {
    for await (const logged of entries) {
      count += 1;
      if (!out.write(`${canonicalBytes(logged).toString()}\n`)) await once(out, 'drain');
    }
    out.end();
    await once(out, 'finish');
  };
  await Promise.race([finished(), failed]);
  writeFileSync(join(directory, files.head), signed.note);
  return count;
}

/** @throws CliFailure usage */
export function requireEmpty(directory: string): void {
  if (existsSync(directory) && readdirSync(directory).length > 0)
    throw usageFailure(`${directory} is not empty`, 'name a new directory');
}

function read(path: string): string {
  try {
    return readText(path);
  } catch (error) {
    throw usageFailure(`cannot read ${path}: ${reasonOf(error)}`, 'name the directory of a complete export');
  }
}

/** Public keys, one per line. @throws CliFailure usage */
export function readKeys(path: string): string[] {
  return linesOf(read(path));
}

export interface ReadExport {
  /** Signed notes, by the names of their files. */
  readonly notes: ReadonlyMap<string, string>;
  /** The keys that its maker has put in. */
  readonly keys: readonly string[];
  /** @throws CliFailure, for a line that is not an entry */
  entries(): AsyncGenerator<LoggedEntry>;
}

/** @throws CliFailure usage, if the directory is not a complete export */
export function openExport(directory: string): ReadExport {
  const kept = join(directory, files.heads);
  const names = existsSync(kept) ? readdirSync(kept) : [];
  return {
    notes: new Map([
      ...names.map((name) => [join(files.heads, name), read(join(kept, name))] as const),
      [files.head, read(join(directory, files.head))],
    ]),
    keys: readKeys(join(directory, files.keys)),
    entries: () => entriesIn(join(directory, files.entries)),
  };
}

async function* entriesIn(path: string): AsyncGenerator<LoggedEntry> {
  if (!existsSync(path)) throw usageFailure(`${path} is missing`, 'name the directory of a complete export');
  let line = 0;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    line += 1;
    const logged = loggedEntrySchema.safeParse(parseJson(text));
    if (!logged.success)
      throw failureWithFix(
        'operationFailed',
        `${path}:${line} is not an entry: ${logged.error.issues[0]?.message ?? ''}`,
        'keep the export as evidence, and export again',
      );
    yield logged.data;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
