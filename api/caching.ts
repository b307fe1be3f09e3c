import type { SentAnswer } from './stored-answer.ts';

const opaqueTag = (tag: string): string => tag.trim().replace(/^W\//, '');

/**
 * A read as a cache may keep it: one with an ETag for its own caller, asked about each time; any other not at all. Where
 * the caller has it already, in `If-None-Match` (RFC 9110, weak comparison), it is not sent again.
 */
export function cacheable(answer: SentAnswer, ifNoneMatch: string | undefined): SentAnswer {
  const { etag } = answer.headers;
  if (answer.status !== 200 || etag === undefined) return { ...answer, headers: { 'cache-control': 'no-store', ...answer.headers } };
  const headers = { 'cache-control': 'private, no-cache', ...answer.headers };
  const known = ifNoneMatch?.trim() === '*' || ifNoneMatch?.split(',').some((tag) => opaqueTag(tag) === opaqueTag(etag)) === true;
  return known ? { status: 304, headers, body: '' } : { ...answer, headers };
}
