import type { Logger } from './logging.ts';

export interface ShutdownOptions {
  readonly logger: Logger;
  /** What to stop, in order. A stage that fails does not keep the next from running. */
  readonly stages: readonly { readonly name: string; readonly stop: () => Promise<void> | void }[];
  /** After this the process ends, whatever still runs. */
  readonly deadlineMs: number;
}

/** Stops the process in order on SIGTERM and SIGINT, and in any case by the deadline. */
export function stopOnSignal({ logger, stages, deadlineMs }: ShutdownOptions): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    if (stopping) return;
    stopping = true;
    logger.info('stopping', { signal });
    setTimeout(() => {
      logger.error('stopping took too long');
      process.exit(1);
    }, deadlineMs).unref();
    for (const { name, stop: stopStage } of stages) {
      try {
        await stopStage();
      } catch (error) {
        logger.error(`stopping ${name} failed`, { error: error instanceof Error ? error.message : String(error) });
      }
    }
    logger.info('stopped');
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, (received) => void stop(received));
}
