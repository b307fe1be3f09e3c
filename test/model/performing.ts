import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { until } from '../harness/until.ts';
import { worldsOf } from './checking.ts';
import type { Model } from './checking.ts';
import type { ModelRun, Sent } from './run.ts';

/** What a step is performed with. */
export interface Performing {
  readonly model: Model;
  readonly run: ModelRun;
  readonly temporal: Client;
  /** The stack, if the model has its own: then its databases may be killed. */
  readonly stack: Pick<EmbeddedStack, 'mongodHandle'> | undefined;
}

/**
 * Resolves to `true` when the failpoint is reached; to `false` if the request started no operation, or the operation
 * ended without reaching it.
 */
export async function reached({ model, run }: Performing, name: string, { answer, request }: Sent): Promise<boolean> {
  const path = join(run.installation.failpointDirectory, name);
  const operation = answer.kind === 'done' ? answer.operation : null;
  const isNew =
    operation !== null &&
    worldsOf(model, request.tenant).every(
      ({ ended, tenant }) => ended[operation] === undefined && tenant?.operation?.id !== operation,
    );
  const hit =
    isNew &&
    (await until(
      `${name} is reached or the operation has ended`,
      async () =>
        existsSync(`${path}.hit`) ? 'hit' : (await run.endOf(operation)) === undefined ? undefined : 'ended',
      120_000,
    )) === 'hit';
  if (!hit) rmSync(path, { force: true });
  return hit || existsSync(`${path}.hit`);
}
