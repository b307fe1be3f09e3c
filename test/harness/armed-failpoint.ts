import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './until.ts';

/** One failpoint of an installation; see `platform/failpoints.ts`. */
export interface ArmedFailpoint {
  /** Whether a process has reached it. */
  isHit(): boolean;
  /** Resolves when a process has reached it. */
  hit(): Promise<void>;
  /** Lets the process that waits there continue. */
  release(): void;
}

/** Arms a failpoint: the next process that reaches it is paused or killed there, once. */
export function armFailpoint(
  { failpointDirectory }: { readonly failpointDirectory: string },
  name: string,
  action: 'pause' | 'kill',
): ArmedFailpoint {
  const path = join(failpointDirectory, name);
  for (const suffix of ['.hit', '.release']) rmSync(`${path}${suffix}`, { force: true });
  writeFileSync(path, action);
  const isHit = (): boolean => existsSync(`${path}.hit`);
  return {
    isHit,
    async hit() {
      await until(`${name} is reached`, isHit);
    },
    release: () => writeFileSync(`${path}.release`, ''),
  };
}
