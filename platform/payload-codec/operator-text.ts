import { METADATA_ENCODING_KEY } from '@temporalio/common';
import type { Payload } from '@temporalio/common';

const text = new TextDecoder();

/**
 * Whether a payload is text for operators, which means a plain string. Summaries, details and step tables are plain
 * strings; workflows and activities exchange only objects. The response of Temporal's own metadata query contains the
 * same text.
 */
export function isOperatorText(payload: Payload): boolean {
  if (payload.metadata == null || text.decode(payload.metadata[METADATA_ENCODING_KEY]) !== 'json/plain') return false;
  const data = payload.data ?? new Uint8Array();
  if (data[0] === 0x22) return true; // A JSON string.
  return text.decode(data.subarray(0, 14)) === '{"definition":';
}
