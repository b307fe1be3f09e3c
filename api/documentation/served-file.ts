import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RequestHandler } from 'express';

/**
 * Answers with a file that does not change while the process runs, read once, now. Its ETag is of its bytes, the same in every process;
 * a cache asks each time whether it still holds. It is weak, for an answer may be compressed. @throws when the file cannot be read
 */
export function servedFile(path: URL, type: string): RequestHandler {
  const content = readFileSync(path);
  const etag = `W/"${createHash('sha256').update(content).digest('base64url')}"`;
  return (_request, response) => {
    response.set({ 'content-type': type, etag, 'cache-control': 'no-cache' }).send(content);
  };
}
