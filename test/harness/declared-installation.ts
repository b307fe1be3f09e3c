import { attachToStack } from '../../tools/stack/attach.ts';
import { createExchange } from './http-exchange.ts';
import type { Exchange } from './http-exchange.ts';
import { borrowInstallation, startInstallation } from './installation.ts';
import type { Installation, InstallationOptions, SharedInstallation } from './installation.ts';
import { declareBasics } from './manifests.ts';

export interface DeclaredInstallation<Opened = Installation> {
  readonly installation: Opened;
  readonly exchange: Exchange;
}

/** Borrows an installation, and declares regions and plans in it. */
export async function borrowDeclared(
  options: Pick<InstallationOptions, 'worker'> = {},
): Promise<DeclaredInstallation<SharedInstallation>> {
  return declared(await borrowInstallation(attachToStack(), options));
}

/** Starts an installation with regions and plans on the stack of the test run, with plain HTTP access to its API. */
export async function startDeclared(options: InstallationOptions = {}): Promise<DeclaredInstallation> {
  return declared(await startInstallation(attachToStack(), options));
}

async function declared<Opened extends SharedInstallation>(
  installation: Opened,
): Promise<DeclaredInstallation<Opened>> {
  try {
    await declareBasics(installation.client());
  } catch (error) {
    await installation.stop();
    throw error;
  }
  return { installation, exchange: createExchange(installation) };
}
