import { benchPaths } from './lifecycle/path-latencies.ts';

/** What `npm run bench:lifecycle` measures, in order. */
export const lifecycleParts = { paths: benchPaths };
