import { errors, request } from 'undici';
import type { Dispatcher } from 'undici';
import type { DeliveryFailure } from '../../contracts/webhooks.ts';
import { parseRetryAfter } from '../../domain/webhook-schedule.ts';
import { AddressForbidden } from './allowed-address.ts';

/** What came of one attempt. */
export interface PostResult {
  readonly outcome: 'delivered' | DeliveryFailure;
  /** Whose fault a failure was. */
  readonly fault: 'receiver' | 'plane';
  readonly status?: number;
  /** What went wrong, for a person. */
  readonly detail?: string;
  /** The beginning of the response. */
  readonly excerpt?: string;
  readonly retryAfterMs?: number;
}

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface PostOptions {
  readonly agent: Dispatcher;
  readonly timeoutMs: number;
  /** Ends the attempt as if it had not been made. */
  readonly signal: AbortSignal;
}

const excerptBytes = 1_024;
/** More of a response is not read: the connection is closed. */
const maxBodyBytes = 16 * 1024;
/** The status decides; its body may take this long. */
const bodyMs = 1_000;

const gone = 410;
export const isGone = ({ status }: Pick<PostResult, 'status'>): boolean => status === gone;

/** Faults of the network or the process here, not of the receiver. */
const planeErrors: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENETDOWN',
  'ENETUNREACH',
  'ENOBUFS',
]);
const nameErrors: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EAI_AGAIN', 'EAI_NONAME']);

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

const isTlsError = (error: Error): boolean =>
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_OSSL|EPROTO|HOSTNAME_MISMATCH)/.test(codeOf(error));

function failureOf(error: unknown): Pick<PostResult, 'outcome' | 'fault' | 'detail'> {
  const cause = error instanceof Error ? error : new Error(String(error));
  const code = codeOf(cause);
  const detail = printable(cause.message === '' ? code : cause.message, 256);
  const fault = planeErrors.has(code) ? 'plane' : 'receiver';
  if (cause instanceof AddressForbidden) return { outcome: 'address_forbidden', fault, detail };
  if (nameErrors.has(code)) return { outcome: 'name_unknown', fault, detail };
  if (isTlsError(cause)) return { outcome: 'tls_failed', fault, detail };
  if (
    cause.name === 'TimeoutError' ||
    cause instanceof errors.ConnectTimeoutError ||
    cause instanceof errors.HeadersTimeoutError ||
    cause instanceof errors.BodyTimeoutError
  )
    return { outcome: 'timed_out', fault, detail };
  return { outcome: 'connection_failed', fault, detail };
}

/** Text from elsewhere, without control characters, at most so long. */
function printable(text: string, length: number): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]+/gu, ' ').slice(0, length);
}

/** Reads the beginning, and the rest only if it is short and comes soon: then the connection can be used again. */
async function excerptOf(body: Dispatcher.ResponseData['body']): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => body.destroy(), bodyMs);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      if (bytes < excerptBytes) chunks.push(chunk.subarray(0, excerptBytes - bytes));
      bytes += chunk.length;
      if (bytes > maxBodyBytes) break;
    }
  } catch {
    // The status was received, and it decides.
  } finally {
    clearTimeout(timer);
    body.destroy();
  }
  const text = printable(Buffer.concat(chunks).toString('utf8'), excerptBytes).trim();
  return text === '' ? undefined : text;
}

function judge(status: number, location: string | string[] | undefined): Pick<PostResult, 'outcome' | 'detail'> {
  if (status >= 200 && status < 300) return { outcome: 'delivered' };
  if (status >= 300 && status < 400)
    return {
      outcome: 'redirected',
      detail: printable(
        `redirected to ${location?.toString() ?? 'nowhere'}; write the final address into spec.url`,
        256,
      ),
    };
  return { outcome: 'refused', detail: `the receiver has answered ${status}` };
}

/**
 * Sends an event once. Reads at most 16 KiB of the response, follows no redirect, and ends within the time limit and one
 * second.
 * @throws the reason of `signal`
 */
export async function postEvent(
  { url, headers, body }: Post,
  { agent, timeoutMs, signal }: PostOptions,
): Promise<PostResult> {
  try {
    const response = await request(url, {
      method: 'POST',
      headers,
      body,
      dispatcher: agent,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const { statusCode: status } = response;
    const excerpt = await excerptOf(response.body);
    const retryAfter = response.headers['retry-after'];
    const retryAfterMs = parseRetryAfter(Array.isArray(retryAfter) ? retryAfter[0] : retryAfter, new Date());
    return {
      ...judge(status, response.headers['location']),
      fault: 'receiver',
      status,
      ...(excerpt === undefined ? {} : { excerpt }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  } catch (error) {
    signal.throwIfAborted();
    return failureOf(error);
  }
}
