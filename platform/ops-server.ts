import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { Registry } from 'prom-client';
import { readVersion } from './version.ts';

/** A dependency that the process needs. */
export interface ReadinessCheck {
  readonly name: string;
  /** Resolves if the dependency responds, or with `away` if the process can work without it; rejects with the error. */
  readonly check: () => Promise<void | 'away'>;
}

export interface Readiness {
  readonly ready: boolean;
  /** Version of the running code. */
  readonly version: string;
  readonly checks: Readonly<Record<string, 'ok' | 'away' | 'failed' | 'starting' | 'stopping'>>;
}

/** A process that is starting or stopping is not ready, whatever its dependencies report. */
export type ProcessPhase = 'starting' | 'running' | 'stopping';

const version = readVersion();

/** Checks all dependencies in parallel. */
export async function checkReadiness(checks: readonly ReadinessCheck[], phase: ProcessPhase): Promise<Readiness> {
  const results = await Promise.all(
    checks.map(
      async ({ name, check }) =>
        [
          name,
          await check().then(
            (state) => state ?? ('ok' as const),
            () => 'failed' as const,
          ),
        ] as const,
    ),
  );
  return {
    ready: phase === 'running' && results.every(([, result]) => result !== 'failed'),
    version,
    checks: { ...Object.fromEntries(results), ...(phase === 'running' ? {} : { process: phase }) },
  };
}

const cacheMs = 1_000;

/**
 * Caches the readiness for a second, so that dependencies are checked once for many requests. A stop takes effect
 * immediately.
 */
export function cachedReadiness(
  ask: () => Promise<Readiness>,
  stopping: AbortSignal,
  now: () => number = Date.now,
): () => Promise<Readiness> {
  let cached: { readonly answer: Promise<Readiness>; readonly until: number; readonly isStopping: boolean } | undefined;
  return () => {
    if (cached === undefined || now() >= cached.until || cached.isStopping !== stopping.aborted) {
      cached = { answer: ask(), until: now() + cacheMs, isStopping: stopping.aborted };
    }
    return cached.answer;
  };
}

export interface OpsServerOptions {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
  readonly readiness: () => Promise<Readiness>;
  /** Additional metrics in Prometheus text format, such as those of the Temporal SDK. */
  readonly moreMetrics?: () => Promise<string>;
}

/** Serves `/livez`, `/readyz` and `/metrics` on a separate port that callers of the API cannot reach. */
export async function startOpsServer({
  host,
  port,
  registry,
  readiness,
  moreMetrics,
}: OpsServerOptions): Promise<Server> {
  async function answer(path: string | undefined): Promise<{ status: number; type: string; body: string }> {
    if (path === '/livez') return { status: 200, type: 'text/plain', body: 'ok\n' };
    if (path === '/readyz') {
      const state = await readiness();
      return { status: state.ready ? 200 : 503, type: 'application/json', body: `${JSON.stringify(state)}\n` };
    }
    if (path === '/metrics') {
      return {
        status: 200,
        type: registry.contentType,
        body: `${await registry.metrics()}${moreMetrics === undefined ? '' : await moreMetrics()}`,
      };
    }
    return { status: 404, type: 'text/plain', body: 'try /livez, /readyz or /metrics\n' };
  }
  const server = createServer((request, response) => {
    answer(request.url?.split('?')[0]).then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, host, () => resolve());
  });
  return server;
}
