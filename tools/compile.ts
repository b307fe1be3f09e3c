import { compilePolicies } from './policies.ts';
import { buildWorkflowBundle } from './workflow-bundle.ts';

/** Compiles what the processes load, where it is not up to date: the policies to WebAssembly, and the workflows to one bundle. */
export async function compile(opa: string): Promise<void> {
  await Promise.all([compilePolicies(opa), buildWorkflowBundle()]);
}
