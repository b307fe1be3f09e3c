import { AsyncLocalStorage } from 'node:async_hooks';

/** Fields on every log line of one unit of work. */
export interface LogContext {
  readonly requestId?: string;
  readonly correlationId?: string;
  readonly tenant?: string;
  readonly operationId?: string;
  readonly step?: string;
  readonly attempt?: number;
}

const storage = new AsyncLocalStorage<LogContext>();

/** Runs `work` with these ids on every log line, in addition to those already there. */
export function withLogContext<T>(context: LogContext, work: () => T): T {
  return storage.run({ ...storage.getStore(), ...context }, work);
}

export function currentLogContext(): LogContext {
  return storage.getStore() ?? {};
}
