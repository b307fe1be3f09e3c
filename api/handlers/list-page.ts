import type { Sized } from '../../store/reading.ts';
import { EncodedList } from '../answers.ts';
import type { PageTokens } from '../page-token.ts';

/** Documents read from a position. */
export interface PageRead<Document> {
  readonly documents: AsyncIterable<Sized<Document>>;
  /** Where to continue if all documents are shown but more remain to be searched. */
  readonly searchedTo?: string | undefined;
}

export interface PageSource<Document, Item> {
  /** Reads one document more than is shown, to find out whether there is a next page. */
  readonly read: (after: string | undefined, limit: number) => PageRead<Document> | Promise<PageRead<Document>>;
  readonly positionOf: (document: Document) => string;
  readonly show: (document: Document) => Item | Promise<Item>;
}

/** A page ends early when it has read or written this much; the caller continues with the next page. */
const maxPageBytes = 8 * 1024 * 1024;

/** One page of a list, with the token of the next page if there is one. */
export async function listPage<Document, Item>(
  tokens: PageTokens,
  list: string,
  { pageSize, pageToken }: { readonly pageSize: number; readonly pageToken?: string | undefined },
  filter: unknown,
  { read, positionOf, show }: PageSource<Document, Item>,
): Promise<EncodedList<Item>> {
  const after = pageToken === undefined ? undefined : tokens.read(list, filter, pageToken);
  const { documents, searchedTo } = await read(after, pageSize + 1);
  const page = new EncodedList<Item>();
  let [last, readBytes, isCut] = [undefined as string | undefined, 0, false];
  for await (const { document, bytes } of documents) {
    readBytes += bytes;
    isCut = page.count === pageSize || (page.count > 0 && Math.max(readBytes, page.bytes + bytes) > maxPageBytes);
    if (isCut) break;
    page.add(await show(document));
    last = positionOf(document);
  }
  const position = isCut ? last : searchedTo;
  if (position !== undefined) page.nextPageToken = tokens.make(list, filter, position);
  return page;
}
