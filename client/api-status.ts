import { z } from 'zod';
import { ApiUnreachable, redirection } from './api-error.ts';

/** The public status of an API. */
export interface ApiStatus {
  readonly ready: boolean;
  /** Version of the API; undefined if the API does not report it. */
  readonly version: string | undefined;
  /** State of each dependency: `ok` or something else. */
  readonly checks: Readonly<Record<string, string>>;
  readonly tookMs: number;
  /** How far its clock is ahead of the local clock, to about a second; undefined if it does not report its time. */
  readonly clockAheadMs: number | undefined;
}

const timeoutMs = 10_000;
const readySchema = z.looseObject({
  ready: z.boolean(),
  version: z.string().optional(),
  checks: z.record(z.string(), z.string()),
});

/** Reads `/readyz`, which needs no token. @throws ApiUnreachable, also if the response is not from the API */
export async function readApiStatus(server: string, signal?: AbortSignal): Promise<ApiStatus> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const startedAt = Date.now();
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
  if (!success)
    throw new ApiUnreachable(server, new Error(`the response (status ${response.status}) is not from the API`));
  const date = Date.parse(response.headers.get('date') ?? '');
  // The header has whole seconds, so on average it is half a second behind.
  const clockAheadMs = Number.isNaN(date) ? undefined : date + 500 - (startedAt + endedAt) / 2;
  return { ready: data.ready, version: data.version, checks: data.checks, tookMs: endedAt - startedAt, clockAheadMs };
}
