import type { Transaction } from '../store/commit.ts';
import type { AnswerSubject, StoredAnswer } from '../store/kept-answers.ts';

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

/** Keeps a reply under the request's idempotency key, if it has one, in the commit that makes it true. */
export type Keep = (tx: Transaction, reply: Reply) => Promise<void>;

/** An answer in the bytes in which it is sent, now and whenever the request is repeated. */
export function storedAnswer({ status, body, headers = {}, about = {} }: Reply): StoredAnswer {
  return { status, headers: { ...headers }, body: JSON.stringify(body), about };
}

/** An answer as it is sent: what is large is bytes. */
export interface SentAnswer extends Omit<StoredAnswer, 'body'> {
  readonly body: string | Buffer;
}

/** An answer that is sent and not kept. */
export function sentAnswer({ status, body, headers = {} }: Reply): SentAnswer {
  return { status, headers: { ...headers }, body: body instanceof EncodedList ? body.toBytes() : JSON.stringify(body) };
}

const opaqueTag = (tag: string): string => tag.trim().replace(/^W\//, '');

/**
 * A read as a cache may keep it: one with an ETag for its own caller, asked about each time; any other not at all. Where
 * the caller has it already, in `If-None-Match` (RFC 9110, weak comparison), it is not sent again.
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
