export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextPageToken?: string | undefined;
}

export interface Paging {
  readonly pageSize: number;
  readonly pageToken?: string;
}

const maxPageSize = 500;

/** The items of all pages, but at most `limit`. */
export async function* itemsOf<Item>(
  readPage: (paging: Paging) => Promise<Page<Item>>,
  limit = Infinity,
): AsyncGenerator<Item> {
  let left = limit;
  for (let pageToken: string | undefined; ;) {
    const { items, nextPageToken } = await readPage({
      pageSize: Math.min(maxPageSize, left),
      ...(pageToken === undefined ? {} : { pageToken }),
    });
    yield* items;
    left -= items.length;
    pageToken = nextPageToken;
    if (pageToken === undefined || left <= 0) return;
  }
}

/** The same, collected into an array. */
export async function allItems<Item>(
  readPage: (paging: Paging) => Promise<Page<Item>>,
  limit = Infinity,
): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of itemsOf(readPage, limit)) all.push(item);
  return all;
}
