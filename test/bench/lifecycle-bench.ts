import { benchAvailability } from './lifecycle/availability.ts';
import { benchCells } from './lifecycle/cell-scale.ts';
import { benchPaths } from './lifecycle/path-latencies.ts';
import { benchQuarantine } from './lifecycle/quarantine.ts';
import { benchRegistry } from './lifecycle/registry-scale.ts';

/** What `npm run bench:lifecycle` measures, in order. */
export const lifecycleParts = {
  paths: benchPaths,
  quarantine: benchQuarantine,
  registry: benchRegistry,
  cells: benchCells,
  availability: benchAvailability,
};
