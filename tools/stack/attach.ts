import { readFileSync } from 'node:fs';

import { OperatorError } from '../process/operator-error.ts';
import type { StackDescription } from './description.ts';
import { processEnvironment } from './process-environment.ts';
import type { InstallationOptions } from './process-environment.ts';
import { createTokenIssuer } from './token-issuer.ts';
import type { MintToken } from './token-issuer.ts';

/** Path of the file with the {@link StackDescription}; the test runner sets it for the test files. */
export const stackFileVariable = 'TENURE_TEST_STACK';

/** A stack that another process started and stops. */
export interface AttachedStack extends StackDescription {
  readonly mintToken: MintToken;
  processEnvironment(options?: InstallationOptions): Readonly<Record<string, string>>;
}

/** The running stack that `$TENURE_TEST_STACK` describes. Throws {@link OperatorError} if there is none. */
export function attachToStack(environment: NodeJS.ProcessEnv = process.env): AttachedStack {
  const path = environment[stackFileVariable];
  if (!path) {
    throw new OperatorError(
      `${stackFileVariable} is not set, so there is no stack to attach to; run this file with: npm test -- <file>`,
    );
  }
  const description = JSON.parse(readFileSync(path, 'utf8')) as StackDescription;
  return {
    ...description,
    mintToken: createTokenIssuer(description.issuerPrivateKey),
    processEnvironment: (options) => processEnvironment(description, options),
  };
}
