import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { MongoClient } from 'mongodb';
import type { OperationKind } from '../../contracts/lifecycle.ts';
import { stepsOf } from '../../domain/step-plan.ts';
import { endpointOf } from '../../engines/isolation/cells.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import { elapsedMs } from './elapsed.ts';
import { startBareWorker } from './floor-processes.ts';
import { createRawPaths } from './floor/raw-paths.ts';

/** What a path costs without the product: a bare workflow, and the raw commands. */
export interface FloorSample {
  readonly bareMs: number;
  readonly rawMs: number;
}

export const floorMs = ({ bareMs, rawMs }: FloorSample): number => bareMs + rawMs;

export const floorName = 'bare workflow + raw commands';

/**
 * Measures the floor of a path. Take the paths of one tenant in the order of its life, because they change what is on
 * the cell.
 */
export type FloorTenant = (kind: OperationKind) => Promise<FloorSample>;

export interface PathFloor {
  tenant(name: string): FloorTenant;
  close(): Promise<void>;
}

/** The activities of an operation: those that only commit are local, those on the cell are ordinary ones. */
function shapeOf(kind: OperationKind): ('activity' | 'local')[] {
  return [
    'local',
    ...stepsOf(kind).map(({ scope }) => (scope === 'control' ? ('local' as const) : ('activity' as const))),
    'local',
  ];
}

const taskQueue = 'floor';

/** Starts what the paths are compared with; its tenants are on this deployment. */
export async function openPathFloor(
  stack: Pick<EmbeddedStack, 'temporal' | 'mongod'>,
  deployment: 'eu-west-1' | 'us-east-1' = 'eu-west-1',
): Promise<PathFloor> {
  const worker = await startBareWorker(stack.temporal, taskQueue);
  const connection = await Connection.connect({ address: stack.temporal.address });
  const { workflow } = new Client({ connection, namespace: stack.temporal.namespace });
  const control = new MongoClient(stack.mongod.control.adminUri);
  const cell = new MongoClient(stack.mongod[deployment].adminUri);
  const endpoint = endpointOf(stack.mongod[deployment].adminUri);
  const execute = async (shape: readonly string[]): Promise<void> => {
    await workflow.execute('bareOperation', { taskQueue, workflowId: `floor-${randomUUID()}`, args: [shape] });
  };
  return {
    tenant(name) {
      const raw = createRawPaths({ control, cell, endpoint }, name);
      return async (kind) => ({
        bareMs: await elapsedMs(() => execute(shapeOf(kind))),
        rawMs: await elapsedMs(raw[kind]),
      });
    },
    async close() {
      await Promise.all([connection.close(), control.close(), cell.close(), worker.stop()]);
    },
  };
}
