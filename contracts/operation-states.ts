/**
 * `pending`: waits until the previous operation has been undone. `accepted`: stored, waits for its workflow.
 * `compensating`: its steps are being undone. The last three states are final.
 */
export const operationStates = [
  'pending',
  'accepted',
  'running',
  'compensating',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type OperationState = (typeof operationStates)[number];

export const finalOperationStates = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly OperationState[];
export type FinalOperationState = (typeof finalOperationStates)[number];

/** `intent`: started, outcome not yet known. `undone`: its effect has been undone. */
export const stepStates = ['pending', 'intent', 'done', 'undone'] as const;
export type StepState = (typeof stepStates)[number];
