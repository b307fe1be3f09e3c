/** By which name the plane's processes are known to the control database. */
export const planeProcesses = { api: 'tenure-api', worker: 'tenure-worker' } as const;
