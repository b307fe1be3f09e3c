import type { StoredAnswer } from '../store/documents.ts';
import { EncodedList } from './encoded-list.ts';

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer in the bytes in which it is sent, now and whenever the request is repeated. */
export function storedAnswer({ status, body, headers = {} }: Reply): StoredAnswer {
  return { status, headers: { ...headers }, body: JSON.stringify(body) };
}

/** An answer as it is sent: what is large is bytes. */
export interface SentAnswer extends Omit<StoredAnswer, 'body'> {
  readonly body: string | Buffer;
}

/** An answer that is sent and not kept. */
export function sentAnswer({ status, body, headers = {} }: Reply): SentAnswer {
  return { status, headers: { ...headers }, body: body instanceof EncodedList ? body.toBytes() : JSON.stringify(body) };
}
