import { z } from 'zod';
import { ApiUnreachable, redirection } from './api-error.ts';

/** How an API says it is, to anybody. */
export interface ApiStatus {
  readonly ready: boolean;
  /** Of its code; absent from an API that does not say. */
  readonly version: string | undefined;
  /** What it needs, and whether that answers: `ok`, or else. */
  readonly checks: Readonly<Record<string, string>>;
  readonly tookMs: number;
  /** By how much its clock is ahead of this machine's, to about a second; absent when it does not say what time it is. */
  readonly clockAheadMs: number | undefined;
}

const timeoutMs = 10_000;
const readySchema = z.looseObject({
  ready: z.boolean(),
  version: z.string().optional(),
  checks: z.record(z.string(), z.string()),
});

/** Asks `/readyz`, which needs no token. @throws ApiUnreachable, also when it is no API that answers */
export async function readApiStatus(server: string, signal?: AbortSignal): Promise<ApiStatus> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const beganAt = Date.now();
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(`${server}/readyz`, {
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    if (response.status >= 300 && response.status < 400) throw redirection(response.headers.get('location'));
    body = await response.json();
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiUnreachable(server, error);
  }
  const endedAt = Date.now();
  const { success, data } = readySchema.safeParse(body);
  if (!success) throw new ApiUnreachable(server, new Error(`what answers there (${response.status}) is not the API`));
  const date = Date.parse(response.headers.get('date') ?? '');
  // The header has whole seconds: half of one is what it leaves off on average.
  const clockAheadMs = Number.isNaN(date) ? undefined : date + 500 - (beganAt + endedAt) / 2;
  return { ready: data.ready, version: data.version, checks: data.checks, tookMs: endedAt - beganAt, clockAheadMs };
}
