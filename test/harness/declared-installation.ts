import { attachToStack } from '../../tools/stack/attach.ts';
import { createExchange } from './http-exchange.ts';
import type { Exchange } from './http-exchange.ts';
import { startInstallation } from './installation.ts';
import type { Installation, InstallationOptions } from './installation.ts';
import { declareBasics } from './manifests.ts';

export interface DeclaredInstallation {
  readonly installation: Installation;
  readonly exchange: Exchange;
}

/** Starts an installation with regions and plans on the stack of the test run, with plain HTTP access to its API. */
export async function startDeclared(options: InstallationOptions = {}): Promise<DeclaredInstallation> {
  const installation = await startInstallation(attachToStack(), options);
  try {
    await declareBasics(installation.client());
  } catch (error) {
    await installation.stop();
    throw error;
  }
  return { installation, exchange: createExchange(installation) };
}
