import type { RevisionSummary } from '../../contracts/tenant-revision.ts';
import { jsonDifference } from '../../domain/json-difference.ts';
import { maxReadBytes } from '../../store/reading.ts';
import type { Sized } from '../../store/reading.ts';
import type { TenantRevisionDocument } from '../../store/revisions.ts';

/** The declared parts of a generation. Nothing else can differ. */
function declared({
  labels,
  annotations,
  spec,
}: Pick<TenantRevisionDocument, 'labels' | 'annotations' | 'spec'>): object {
  return { metadata: { labels, annotations }, spec };
}

export const changesBetween = (from: TenantRevisionDocument, to: TenantRevisionDocument) =>
  jsonDifference(declared(from), declared(to));
export const pointOf = ({ _id: { generation }, time }: TenantRevisionDocument) => ({
  generation,
  time: time.toISOString(),
});

export interface Summary extends Pick<RevisionSummary, 'generation' | 'time' | 'changed'> {
  readonly ledgerEntry: string;
}

/** If a generation differs in more places, only the parts that contain the differences are listed. */
const maxPointers = 1_000;
const partDepth = 3;

function named(pointers: readonly string[]): string[] {
  if (pointers.length <= maxPointers) return [...pointers];
  return [
    ...new Set(
      pointers.map((pointer) =>
        pointer
          .split('/')
          .slice(0, partDepth + 1)
          .join('/'),
      ),
    ),
  ];
}

/**
 * The differences of each generation from the previous one, newest first. At most two generations are in memory at a
 * time, and the amount read is limited: if generations remain, `searchedTo` is the last one that is summarized.
 */
export async function summarize(
  revisions: AsyncIterable<Sized<TenantRevisionDocument>>,
): Promise<{ readonly summaries: Summary[]; readonly searchedTo?: string }> {
  const summaries: Summary[] = [];
  let newer: TenantRevisionDocument | undefined;
  let total = 0;
  const addSummary = (revision: TenantRevisionDocument, earlier: TenantRevisionDocument | undefined): void => {
    const changed = earlier === undefined ? [] : named(changesBetween(earlier, revision).map(({ pointer }) => pointer));
    summaries.push({ ...pointOf(revision), ledgerEntry: revision.ledgerEntry, changed });
  };
  for await (const { document, bytes } of revisions) {
    if (newer !== undefined) addSummary(newer, document);
    newer = document;
    total += bytes;
    if (total > maxReadBytes && summaries.length > 0)
      return { summaries, searchedTo: String(summaries.at(-1)?.generation) };
  }
  if (newer !== undefined) addSummary(newer, undefined);
  return { summaries };
}

/** Values in the form that a list reads. */
export async function* sized<T>(values: readonly T[]): AsyncGenerator<Sized<T>> {
  for (const document of values) yield { document, bytes: 0 };
}
