import type { Transaction } from '../store/commit.ts';
import type { AnswerSubject, StoredAnswer } from '../store/kept-answers.ts';

/**
 * The body of a list, already encoded. Each item is encoded as soon as it is read, so that at most one item is in
 * memory as a value. The bytes are stored outside the V8 heap.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the item type is for the callers that return the list
export class EncodedList<Item> {
  readonly #items: Buffer[] = [];
  /** Size of the items, without the surrounding JSON. */
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
    return Buffer.concat([
      Buffer.from('{"items":['),
      ...this.#items.flatMap((item, index) => (index === 0 ? [item] : [comma, item])),
      Buffer.from(end),
    ]);
  }
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Not sent. */
  readonly about?: AnswerSubject;
}

/** Stores a reply under the idempotency key of the request, if any, in the same commit as the change itself. */
export type Keep = (tx: Transaction, reply: Reply) => Promise<void>;

/** An answer in encoded form, sent now and again whenever the request is repeated. */
export function storedAnswer({ status, body, headers = {}, about = {} }: Reply): StoredAnswer {
  return { status, headers: { ...headers }, body: JSON.stringify(body), about };
}

/** An answer as it is sent. A large body is bytes. */
export interface SentAnswer extends Omit<StoredAnswer, 'body'> {
  readonly body: string | Buffer;
}

/** An answer that is sent but not stored. */
export function sentAnswer({ status, body, headers = {} }: Reply): SentAnswer {
  return { status, headers: { ...headers }, body: body instanceof EncodedList ? body.toBytes() : JSON.stringify(body) };
}

const opaqueTag = (tag: string): string => tag.trim().replace(/^W\//, '');

/**
 * Adds cache headers to a read. A response with an ETag may be cached for its own caller, with revalidation each time;
 * any other must not be cached. If the caller already has it (`If-None-Match`, RFC 9110, weak comparison), the body is
 * not sent.
 */
export function cacheable(answer: SentAnswer, ifNoneMatch: string | undefined): SentAnswer {
  const { etag } = answer.headers;
  if (answer.status !== 200 || etag === undefined)
    return { ...answer, headers: { 'cache-control': 'no-store', ...answer.headers } };
  const headers = { 'cache-control': 'private, no-cache', ...answer.headers };
  const known =
    ifNoneMatch?.trim() === '*' || ifNoneMatch?.split(',').some((tag) => opaqueTag(tag) === opaqueTag(etag)) === true;
  return known ? { status: 304, headers, body: '' } : { ...answer, headers };
}
