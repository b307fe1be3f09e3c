/**
 * How Node is to be started for each process. Without a bound V8 lets the heap of a process that serves steadily grow to
 * several times what it needs before it collects. The bounds leave room for the largest page of the largest tenants.
 */
export const nodeFlags = {
  api: ['--max-semi-space-size=4', '--max-old-space-size=256'],
  worker: ['--max-semi-space-size=4', '--max-old-space-size=512'],
} as const;
