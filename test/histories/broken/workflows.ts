import { sleep } from '@temporalio/workflow';
import type { OperationInput } from '../../../domain/operation-input.ts';
import { activate as sound } from '../../../workflows/paths.ts';

/** A change that running operations would not survive: a timer where the recorded course has none. */
export async function activate(input: OperationInput): Promise<unknown> {
  await sleep('1s');
  return sound(input);
}
