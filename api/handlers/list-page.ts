import type { PageTokens } from '../page-token.ts';

export interface PageSource<Document, Item> {
  /** One more than is shown is asked for, to know whether there is a next page. */
  readonly read: (after: string | undefined, limit: number) => Promise<Document[]>;
  readonly positionOf: (document: Document) => string;
  readonly show: (document: Document) => Item;
}

export interface ListBody<Item> {
  items: Item[];
  nextPageToken?: string;
}

/** One page of a list, with the token of the next where there is one. */
export async function listPage<Document, Item>(
  tokens: PageTokens,
  list: string,
  { pageSize, pageToken }: { readonly pageSize: number; readonly pageToken?: string | undefined },
  filter: unknown,
  { read, positionOf, show }: PageSource<Document, Item>,
): Promise<ListBody<Item>> {
  const after = pageToken === undefined ? undefined : tokens.read(list, filter, pageToken);
  const documents = await read(after, pageSize + 1);
  const shown = documents.slice(0, pageSize);
  const last = shown.at(-1);
  return {
    items: shown.map(show),
    ...(documents.length > pageSize && last !== undefined ? { nextPageToken: tokens.make(list, filter, positionOf(last)) } : {}),
  };
}
