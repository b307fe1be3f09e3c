/** A failure that the person at the terminal can act on: the message is the whole story and names the fix. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}

/** A command that the first step has started does not outlive it: that is a SIGTERM to it, which it handles as any other. */
function endWithFirstStep(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // The channel alone is nothing to stay for.
  process.channel?.unref();
}

/**
 * Runs a command's main function; prints an {@link OperatorError} as its bare message and everything else with its stack.
 * The exit code is what `main` returns, or 1.
 */
export async function runMain(main: () => Promise<number>): Promise<void> {
  endWithFirstStep();
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(error instanceof OperatorError ? error.message : error);
    process.exitCode = 1;
  }
}
