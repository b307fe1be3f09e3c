import { compilePolicies } from './policies.ts';
import { acquireTool } from './toolchain/acquire.ts';
import { opa } from './toolchain/tools.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

/**
 * Compiles what the processes load, if it is not up to date: the policies to WebAssembly, and the workflows to one
 * bundle.
 */
export async function compile(environment: NodeJS.ProcessEnv): Promise<void> {
  const acquireOpa = (): Promise<string> => acquireTool(opa, { environment, report: console.error });
  await Promise.all([compilePolicies(acquireOpa), buildWorkflowBundle()]);
}
