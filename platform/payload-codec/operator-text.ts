import { METADATA_ENCODING_KEY } from '@temporalio/common';
import type { Payload } from '@temporalio/common';

const text = new TextDecoder();

/**
 * Whether a payload is text for operators: a bare string. Summaries, details and step tables are bare strings; what
 * workflows and activities exchange is always an object, so it never is one. The answer of Temporal's own metadata query
 * carries the same text.
 */
export function isOperatorText(payload: Payload): boolean {
  if (payload.metadata == null || text.decode(payload.metadata[METADATA_ENCODING_KEY]) !== 'json/plain') return false;
  const data = payload.data ?? new Uint8Array();
  if (data[0] === 0x22) return true; // A JSON string.
  return text.decode(data.subarray(0, 14)) === '{"definition":';
}
