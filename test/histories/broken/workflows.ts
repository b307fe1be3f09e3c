import { sleep } from '@temporalio/workflow';
import type { OperationInput } from '../../../domain/workflow-inputs.ts';
import { activate as sound } from '../../../workflows/paths.ts';

/** A change that running operations would not survive: a timer that the recorded history does not have. */
export async function activate(input: OperationInput): Promise<unknown> {
  await sleep('1s');
  return sound(input);
}
