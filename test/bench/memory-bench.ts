import { readFileSync } from 'node:fs';
import type { Figure } from './figure.ts';

/** Resident memory of a process, in MB. Linux only: read from /proc. */
export function residentMb(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}

export interface MemoryReadings {
  readonly apiMb: number;
  readonly workerBeforeMb: number;
  readonly workerAfterMb: number;
  /** The number of workflows that were added to the worker's cache between its two readings. */
  readonly cachedWorkflows: number;
}

export function memoryFigures({ apiMb, workerBeforeMb, workerAfterMb, cachedWorkflows }: MemoryReadings): Figure[] {
  return [
    { name: 'API, resident after the load', value: apiMb, unit: 'MB', goal: { of: 'value', atMost: 200 } },
    { name: 'worker, resident after the load', value: workerAfterMb, unit: 'MB', goal: { of: 'value', atMost: 400 } },
    {
      name: `worker, per cached workflow (${cachedWorkflows})`,
      value: (workerAfterMb - workerBeforeMb) / cachedWorkflows,
      unit: 'MB',
      goal: { of: 'none' },
    },
  ];
}
