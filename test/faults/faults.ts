import Long from 'long';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import type { EmbeddedStack } from '../../tools/stack/embedded-stack.ts';
import type { ReplicaSetName } from '../../tools/stack/mongod.ts';
import { until } from '../harness/until.ts';
import type { Lane, RunningOperation } from './lane.ts';

/** Something that goes wrong while an operation stands at a failpoint. */
export interface Fault {
  readonly name: string;
  /** Whether it strikes the whole stack, so that nothing else may run beside it. */
  readonly shared: boolean;
  /** What the failpoint does to the process that reaches it. */
  readonly action: 'kill' | 'pause';
  /** How the operation is declared to end. */
  readonly ends: FinalOperationState;
  strike(lane: Lane, stack: EmbeddedStack, operation: RunningOperation): Promise<void>;
}

const handle = (lane: Lane, operation: RunningOperation) => lane.temporal.workflow.getHandle(operation.workflowId);

/** A reset to the first workflow task: what an operator does to run everything again. */
async function resetToStart(lane: Lane, operation: RunningOperation): Promise<void> {
  const { runId } = await handle(lane, operation).describe();
  await lane.temporal.workflowService.resetWorkflowExecution({
    namespace: lane.temporal.options.namespace,
    workflowExecution: { workflowId: operation.workflowId, runId },
    reason: 'fault test',
    workflowTaskFinishEventId: Long.fromNumber(3),
    requestId: `${operation.id}-reset`,
  });
}

export const workerKill: Fault = {
  name: 'SIGKILL worker',
  shared: false,
  action: 'kill',
  ends: 'succeeded',
  async strike({ installation: { worker } }) {
    await worker.ended();
    worker.start();
  },
};

export const terminate: Fault = {
  name: 'Terminate in the Temporal UI',
  shared: false,
  action: 'pause',
  ends: 'succeeded',
  async strike(lane, _stack, operation) {
    await handle(lane, operation).terminate('fault test');
  },
};

/** While a worker lives it carries on with the task it has; with none, only the sweep can bring the operation back. */
export const terminateOrphan: Fault = {
  name: 'SIGKILL worker, then Terminate in the Temporal UI,',
  shared: false,
  action: 'kill',
  ends: 'succeeded',
  async strike(lane, _stack, operation) {
    const { worker } = lane.installation;
    await worker.ended();
    await handle(lane, operation).terminate('fault test');
    worker.start();
  },
};

export const cancel: Fault = {
  name: 'Cancel in the Temporal UI',
  shared: false,
  action: 'pause',
  ends: 'cancelled',
  async strike(lane, _stack, operation) {
    const workflow = handle(lane, operation);
    await workflow.cancel();
    // Commits and first attempts run inside a workflow task, which hears of the cancellation when it is prolonged.
    await until('the cancellation has been heard', async () => {
      const { events } = await workflow.fetchHistory();
      const asked = events?.findIndex((event) => event.workflowExecutionCancelRequestedEventAttributes != null) ?? -1;
      return asked >= 0 && events?.slice(asked).some((event) => event.workflowTaskStartedEventAttributes != null);
    });
  },
};

export const reset: Fault = { name: 'Reset in the Temporal UI', shared: false, action: 'pause', ends: 'succeeded', strike: (lane, _stack, operation) => resetToStart(lane, operation) };

export function mongodKill(set: ReplicaSetName): Fault {
  return {
    name: `SIGKILL mongod ${set}`,
    shared: true,
    action: 'pause',
    ends: 'succeeded',
    async strike(_lane, stack) {
      await stack.mongodHandle(set).kill('SIGKILL');
      await stack.mongodHandle(set).start();
    },
  };
}

export const temporalKill: Fault = {
  name: 'SIGKILL Temporal server',
  shared: true,
  action: 'pause',
  ends: 'succeeded',
  async strike(_lane, stack) {
    await stack.temporalServer.kill('SIGKILL');
    await stack.temporalServer.start();
  },
};

export const temporalLoss: Fault = {
  name: 'SIGKILL worker, then Temporal’s database deleted,',
  shared: true,
  action: 'kill',
  ends: 'succeeded',
  async strike(lane, stack) {
    await lane.installation.worker.ended();
    await stack.temporalServer.kill('SIGKILL');
    await stack.temporalServer.deleteDatabase();
    await stack.temporalServer.start();
    await until('Temporal answers again', () => lane.temporal.workflowService.describeNamespace({ namespace: lane.temporal.options.namespace }).then(() => true, () => false));
    lane.installation.worker.start();
  },
};

export const sharedFaults: readonly Fault[] = [mongodKill('control'), mongodKill('eu-west-1'), mongodKill('us-east-1'), temporalKill, temporalLoss];

/** Runs one activation, strikes the fault when it stands at the failpoint, and holds its end against the declared one. */
export async function strikeAt(lane: Lane, stack: EmbeddedStack, fault: Fault, failpoint: string, tenant: string): Promise<void> {
  lane.arm(failpoint, fault.action);
  const operation = await lane.activate(tenant);
  await lane.hit(failpoint);
  await fault.strike(lane, stack, operation);
  if (fault.action === 'pause') lane.release(failpoint);
  await lane.expectEnd(operation, expectedEnd(fault, failpoint));
}

/** Cancelling comes too late when every step is done: then the operation is finished, not undone. */
function expectedEnd(fault: Fault, failpoint: string): FinalOperationState {
  return fault === cancel && failpoint.startsWith('finish.') ? 'succeeded' : fault.ends;
}
