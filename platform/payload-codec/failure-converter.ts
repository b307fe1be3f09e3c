import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves messages and stack traces of failures to a part that the codec encrypts. Loaded by path, in workers and
 * workflows.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
