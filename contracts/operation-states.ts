/**
 * `pending` waits until the operation before it has been undone; `accepted` is durable and waits for its workflow;
 * `compensating` is being undone; the last three are final.
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

/** `intent`: begun, outcome not yet known. `undone`: its effect was taken back. */
export const stepStates = ['pending', 'intent', 'done', 'undone'] as const;
export type StepState = (typeof stepStates)[number];
