/** Names of the plane's processes in the control database. */
export const planeProcesses = { api: 'tenure-api', worker: 'tenure-worker' } as const;

/**
 * Node flags for each process. Without limits, V8 lets the heap of a busy process grow to several times its need before
 * it collects garbage. The limits leave room for the largest page of the largest tenants.
 */
export const nodeFlags = {
  api: ['--max-semi-space-size=4', '--max-old-space-size=256'],
  worker: ['--max-semi-space-size=4', '--max-old-space-size=512'],
} as const;
