/** Names of the plane's processes in the control database. */
export const planeProcesses = { api: 'tenure-api', worker: 'tenure-worker' } as const;
