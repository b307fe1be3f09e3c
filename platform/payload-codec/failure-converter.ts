import { DefaultFailureConverter } from '@temporalio/common';

/** Puts messages and stack traces of failures where the codec encrypts them. Loaded by path, in workers and workflows. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
