/** A failure that the user can fix. The message is complete and contains the fix. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}

/** A command does not outlive the first step that started it: its end is a SIGTERM to the command. */
function endWithFirstStep(): void {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  // The channel alone must not keep the process alive.
  process.channel?.unref();
}

/**
 * Runs a command's main function; prints only the message of an {@link OperatorError}, and any other error with its
 * stack. The exit code is what `main` returns, or 1.
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
