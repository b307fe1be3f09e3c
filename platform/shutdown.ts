import type { Logger } from './logging.ts';

export interface ShutdownOptions {
  readonly logger: Logger;
  /** What to stop, in order. If a stage fails, the next one still runs. */
  readonly stages: readonly { readonly name: string; readonly stop: () => Promise<void> | void }[];
  /** After this time the process exits, even if stages are still running. */
  readonly deadlineMs: number;
}

/** Stops the process in an orderly way on SIGTERM and SIGINT, at the latest by the deadline. */
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
