import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';

/**
 * Serves a file that does not change while the process runs; it is read once, when this function is called. The ETag is
 * derived from its bytes, so it is the same in every process; caches revalidate each time. It is weak, because the
 * response may be compressed.
 * @throws Error if the file cannot be read
 */
export function servedFile(path: URL, type: string): RequestHandler {
  const content = readFileSync(path);
  const etag = `W/"${createHash('sha256').update(content).digest('base64url')}"`;
  return (_request, response) => {
    response.set({ 'content-type': type, etag, 'cache-control': 'no-cache' }).send(content);
  };
}
