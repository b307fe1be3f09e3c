import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';
import { requireWorkflowBundle } from '../platform/config.ts';
import type { WorkflowBundleOption, WorkflowBundleWithSourceMap } from '@temporalio/worker';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** The code that runs in Temporal's sandbox, with the converter that histories are written with. */
export function bundleWorkflows(): Promise<WorkflowBundleWithSourceMap> {
  return bundleWorkflowCode({
    workflowsPath: path('../workflows/index.ts'),
    failureConverterPath: path('../platform/payload-codec/failure-converter.ts'),
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
}

/**
 * The prebuilt bundle. If there is none, the worker builds one, which adds some seconds to its start.
 * @throws ConfigError when the file does not exist
 */
export async function workflowBundle(built: string | undefined): Promise<WorkflowBundleOption> {
  if (built === undefined) return bundleWorkflows();
  requireWorkflowBundle(built);
  return { codePath: built };
}
