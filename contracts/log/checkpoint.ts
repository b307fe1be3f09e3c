import type { Hash } from './merkle-tree.ts';
import { fromBase64 } from './signed-note.ts';

/** The head of a log as of C2SP `tlog-checkpoint`; signed, it is the text of a note. */
export interface Checkpoint {
  /** The name of the log, which no other log has. */
  readonly origin: string;
  readonly size: number;
  readonly root: Hash;
}

const rootBytes = 32;

export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** Undefined if the text is not a checkpoint. Lines after the third, which the format allows, are ignored. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, origin, digits, encoded] = /^([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/=]+)\n(?:[^\n]+\n)*$/.exec(text) ?? [];
  if (origin === undefined || digits === undefined || encoded === undefined) return undefined;
  const [size, root] = [Number(digits), fromBase64(encoded)];
  return Number.isSafeInteger(size) && root?.length === rootBytes ? { origin, size, root } : undefined;
}
