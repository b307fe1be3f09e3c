/**
 * The body of a list, as text already: each item is put into words when it is read, so that the values of no more than one are in memory.
 * The bytes are outside of the heap of values.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- of what it is a list is said to whoever answers with it
export class EncodedList<Item> {
  readonly #items: Buffer[] = [];
  /** Of the items, without what stands around them. */
  bytes = 0;
  nextPageToken: string | undefined;

  get count(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    const encoded = Buffer.from(JSON.stringify(item));
    this.#items.push(encoded);
    this.bytes += encoded.length;
  }

  /** `{"items":[…],"nextPageToken":"…"}` */
  toBytes(): Buffer {
    const comma = Buffer.from(',');
    const end = this.nextPageToken === undefined ? ']}' : `],"nextPageToken":${JSON.stringify(this.nextPageToken)}}`;
    return Buffer.concat([Buffer.from('{"items":['), ...this.#items.flatMap((item, index) => (index === 0 ? [item] : [comma, item])), Buffer.from(end)]);
  }
}
