import Long from 'long';
import { WorkflowNotFoundError } from '@temporalio/client';
import { ApiError } from '../../client/api-error.ts';
import type { ReplicaSetName } from '../../tools/stack/mongod.ts';
import { until } from '../harness/until.ts';
import type { RunningOperation } from './requests.ts';
import type { TestBed } from './test-bed.ts';

/** Something that fails, or that somebody requests, while operations wait at failpoints. */
export interface Fault {
  readonly name: string;
  /**
   * Faults with the same value run in one round: either each hits only its own operations, or all hit the same process.
   */
  readonly round: string;
  /** Whether it hits the operation itself, so that a workflow must exist. */
  readonly needsWorkflow: boolean;
  /** How it cancels the operation; `undefined` if it does not. */
  readonly cancels: 'in the UI' | 'by the API' | undefined;
  /** The region of the tenants that it hits. */
  readonly region: string;
  /**
   * Injects the fault. Resolves when everything that it ended runs again, with the operations that had already
   * continued.
   */
  strike(bed: TestBed, operations: readonly RunningOperation[]): Promise<readonly RunningOperation[]>;
}

const home = 'eu-west-1';
const historyPollMs = 200;
const heardMs = 60_000;

const handle = ({ temporal }: TestBed, { workflowId }: RunningOperation) => temporal.workflow.getHandle(workflowId);

function each(strike: (bed: TestBed, operation: RunningOperation) => Promise<unknown>): Fault['strike'] {
  return async (bed, operations) => {
    await Promise.all(operations.map((operation) => strike(bed, operation)));
    return [];
  };
}

/** Resolves with the operations whose workflows had already completed. */
async function terminateAll(bed: TestBed, operations: readonly RunningOperation[]): Promise<RunningOperation[]> {
  const gone = await Promise.all(
    operations.map(async (operation) => {
      try {
        await handle(bed, operation).terminate('fault test');
        return [];
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return [operation];
        throw error;
      }
    }),
  );
  return gone.flat();
}

/**
 * Resolves when the workflow, if one exists by now, has seen its cancellation. Commits and first attempts run inside a
 * workflow task, which sees the cancellation only when the task is extended.
 */
export async function cancellationHeard(bed: TestBed, operation: RunningOperation): Promise<void> {
  const workflow = handle(bed, operation);
  try {
    await workflow.describe();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    return;
  }
  await until(
    `the workflow of the ${operation.kind} has seen its cancellation`,
    async () => {
      const { events } = await workflow.fetchHistory();
      const asked = events?.findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes != null) ?? -1;
      return asked >= 0 && events?.slice(asked).some((event) => event.workflowTaskStartedEventAttributes != null);
    },
    heardMs,
    historyPollMs,
  );
}

/** The codes with which the API refuses a cancellation that comes too late. Then the case has no fault. */
const tooLate = new Set(['operation_finished', 'cancel_not_possible']);

/** Cancels an operation as a caller does. Resolves with whether the API has accepted that, now or earlier. */
export async function cancelByApi({ api }: TestBed, { id }: RunningOperation): Promise<boolean> {
  try {
    await api.call('cancelOperation', { params: { id } });
    return true;
  } catch (error) {
    if (error instanceof ApiError && tooLate.has(error.code)) return false;
    throw error;
  }
}

async function killWorker({ installation: { worker } }: TestBed): Promise<void> {
  await worker.kill('SIGKILL');
}

async function startWorker({ installation: { worker } }: TestBed): Promise<void> {
  worker.start();
  await worker.ready();
}

const onOperation = { round: 'operations', needsWorkflow: true, region: home } as const;
const onProcess = { needsWorkflow: false, cancels: undefined, region: home } as const;

const workerKill: Fault = {
  ...onProcess,
  name: 'SIGKILL worker',
  round: 'worker',
  async strike(bed) {
    await killWorker(bed);
    await startWorker(bed);
    return [];
  },
};

const apiKill: Fault = {
  ...onProcess,
  name: 'SIGKILL API',
  round: 'API',
  async strike({ installation: { api } }) {
    await api.kill('SIGKILL');
    api.start();
    await api.ready();
    return [];
  },
};

/** A live worker would continue with its current task. Without a worker, only the sweep can resume the operation. */
const terminateOrphan: Fault = {
  ...onOperation,
  name: 'SIGKILL worker, Terminate',
  round: 'worker and Terminate',
  cancels: undefined,
  async strike(bed, operations) {
    await killWorker(bed);
    const gone = await terminateAll(bed, operations);
    await startWorker(bed);
    return gone;
  },
};

const terminate: Fault = { ...onOperation, name: 'Terminate', cancels: undefined, strike: terminateAll };

/** Resets the workflow to its first task, as an operator does to run everything again. */
const reset: Fault = {
  ...onOperation,
  name: 'Reset',
  cancels: undefined,
  strike: each(async (bed, operation) => {
    const { runId } = await handle(bed, operation).describe();
    await bed.temporal.workflowService.resetWorkflowExecution({
      namespace: bed.temporal.options.namespace,
      workflowExecution: { workflowId: operation.workflowId, runId },
      reason: 'fault test',
      workflowTaskFinishEventId: Long.fromNumber(3),
      requestId: `${operation.id}-reset`,
    });
  }),
};

const cancelInTheUi: Fault = {
  ...onOperation,
  name: 'Cancel in the UI',
  cancels: 'in the UI',
  strike: each(async (bed, operation) => {
    await handle(bed, operation).cancel();
    await cancellationHeard(bed, operation);
  }),
};

const cancelThroughTheApi: Fault = {
  ...onOperation,
  name: 'Cancel by the API',
  cancels: 'by the API',
  strike: each(async (bed, operation) => {
    if (await cancelByApi(bed, operation)) await cancellationHeard(bed, operation);
  }),
};

function mongodKill(set: ReplicaSetName): Fault {
  return {
    ...onProcess,
    name: `SIGKILL mongod ${set}`,
    round: `mongod ${set}`,
    region: set === 'control' ? home : set,
    async strike({ stack }) {
      await stack.mongodHandle(set).kill('SIGKILL');
      await stack.mongodHandle(set).start();
      return [];
    },
  };
}

async function temporalAnswers({ temporal }: TestBed): Promise<void> {
  await until('Temporal answers again', () =>
    temporal.workflowService.describeNamespace({ namespace: temporal.options.namespace }).then(
      () => true,
      () => false,
    ),
  );
}

const temporalKill: Fault = {
  ...onProcess,
  name: 'SIGKILL Temporal',
  round: 'Temporal',
  async strike(bed) {
    await bed.stack.temporalServer.kill('SIGKILL');
    await bed.stack.temporalServer.start();
    await temporalAnswers(bed);
    return [];
  },
};

const temporalLoss: Fault = {
  ...onProcess,
  name: 'SIGKILL worker, Temporal’s database deleted',
  round: 'Temporal’s database',
  async strike(bed) {
    await killWorker(bed);
    const { temporalServer } = bed.stack;
    await temporalServer.kill('SIGKILL');
    await temporalServer.deleteDatabase();
    await temporalServer.start();
    await temporalAnswers(bed);
    await startWorker(bed);
    return [];
  },
};

/** In the order of the report. */
export const everyFault: readonly Fault[] = [
  workerKill,
  apiKill,
  mongodKill('control'),
  mongodKill('eu-west-1'),
  mongodKill('us-east-1'),
  temporalKill,
  temporalLoss,
  terminate,
  terminateOrphan,
  reset,
  cancelInTheUi,
  cancelThroughTheApi,
];
