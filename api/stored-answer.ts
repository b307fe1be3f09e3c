import type { StoredAnswer } from '../store/documents.ts';

/** An answer in the bytes in which it is sent, now and whenever the request is repeated. */
export function storedAnswer({ status, body, headers = {} }: { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }): StoredAnswer {
  return { status, headers: { ...headers }, body: JSON.stringify(body) };
}
