import { hostname } from 'node:os';
import { MongoClient } from 'mongodb';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createDriftActivities } from '../activities/drift-activities.ts';
import { createOperationActivities } from '../activities/create-operation-activities.ts';
import { withHeartbeats } from '../activities/heartbeats.ts';
import { createRolloutActivities } from '../activities/rollout-activities.ts';
import { createStepHandlers } from '../activities/steps/step-handlers.ts';
import { createVerificationActivities } from '../activities/verification-activities.ts';
import { createSweepActivities } from '../activities/sweep-activities.ts';
import { createAdmit } from '../engines/admission/admission.ts';
import { createChangeTenant } from '../engines/changes/change-tenant.ts';
import { createDueWork } from '../engines/upkeep/due-work.ts';
import { createRecordDrift } from '../engines/upkeep/record-drift.ts';
import { createAdvanceRollout } from '../engines/rollouts/advance-rollout.ts';
import { createTemplates } from '../engines/rollouts/templates.ts';
import { unschedulePlan } from '../engines/changes/schedule-plan.ts';
import { createMassChangeBrake } from '../engines/changes/mass-change-brake.ts';
import { createAdopt } from '../engines/isolation/cell-identity.ts';
import { monitorCells, reachableChecks } from '../engines/isolation/cell-monitor.ts';
import { createCells } from '../engines/isolation/cells.ts';
import { connectCells } from '../engines/isolation/connect-cells.ts';
import { createHeadSigner } from '../engines/ledger/head-signer.ts';
import { startSequencer } from '../engines/ledger/sequencer.ts';
import { createForgetful, createSignedHeads } from '../engines/ledger/signed-heads.ts';
import { createLocalKeyProvider } from '../engines/keys/key-provider.ts';
import { createTenantSecrets } from '../engines/keys/tenant-secrets.ts';
import { printSettings } from '../platform/config-explanation.ts';
import {
  ConfigError,
  massChangeLimits,
  processEnvironment,
  readWorkerConfig,
  webhookRanges,
  workerSettings,
} from '../platform/config.ts';
import { readCells, readKeyring } from '../platform/config-files.ts';
import { createFailpoints } from '../platform/failpoints.ts';
import { createHeadFile } from '../platform/head-file.ts';
import { readLogKeys } from '../platform/log-keys.ts';
import { createLogger, errorFields } from '../platform/logging.ts';
import { createMetrics } from '../platform/metrics.ts';
import { planeProcesses } from '../platform/processes.ts';
import { watchTransactions } from '../platform/transaction-watch.ts';
import { checkReadiness, startOpsServer } from '../platform/ops-server.ts';
import type { ProcessPhase } from '../platform/ops-server.ts';
import { createStartAccepted, createStartOrDefer } from '../platform/start-or-defer.ts';
import { stopOnSignal } from '../platform/shutdown.ts';
import { createDataConverter, createTemporalClient } from '../platform/temporal-client.ts';
import { createWorkflowStarters } from '../platform/workflow-starters.ts';
import { clockCheck, keepClock } from '../store/keep-clock.ts';
import { createStore } from '../store/store.ts';
import { measuredPolicy } from '../engines/policy/measured-policy.ts';
import { createWebhookWorker } from './webhook-worker.ts';
import { createAddressGuard } from '../engines/webhooks/address-guard.ts';
import { keepSchedules } from './schedules.ts';
import { installTemporalRuntime } from './temporal-runtime.ts';
import { untilReady } from '../platform/until-ready.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** A worker: runs workflows and activities of one task queue until it is stopped. */
async function main(): Promise<void> {
  if (process.argv.includes('--explain-config')) {
    process.exitCode = printSettings(workerSettings, processEnvironment());
    return;
  }
  const config = readWorkerConfig();
  const logger = createLogger({ service: 'worker', level: config.TENURE_LOG_LEVEL });
  const metrics = createMetrics('worker');
  const sdkMetrics = await installTemporalRuntime(logger);
  const building = workflowBundle(config.TENURE_WORKFLOW_BUNDLE);
  const name = `${process.pid}@${hostname()}`;

  const control = new MongoClient(config.TENURE_CONTROL_URI, {
    appName: planeProcesses.worker,
    maxPoolSize: 50,
    serverSelectionTimeoutMS: 5_000,
    socketTimeoutMS: 15_000,
  });
  const store = createStore({
    client: control,
    names: { control: config.TENURE_CONTROL_DATABASE, secrets: config.TENURE_SECRETS_DATABASE },
    installation: config.TENURE_INSTALLATION,
  });
  const keyProvider = createLocalKeyProvider(
    readKeyring('TENURE_KEYRING_FILE', config.TENURE_KEYRING_FILE, config.TENURE_SECRET_FILE_ACCESS),
  );
  const codecKeyring = readKeyring(
    'TENURE_CODEC_KEYRING_FILE',
    config.TENURE_CODEC_KEYRING_FILE,
    config.TENURE_SECRET_FILE_ACCESS,
  );
  const connected = connectCells(readCells(config.TENURE_CELLS_FILE, config.TENURE_SECRET_FILE_ACCESS), {
    appName: 'tenure-worker',
    maxPoolSize: 20,
  });
  const tenantSecrets = createTenantSecrets({ keyProvider, secrets: store.secrets });
  const policy = measuredPolicy({
    bundleDirectory: config.TENURE_POLICY_BUNDLE,
    observe: (entrypoint, decision, seconds) => metrics.decisions.observe({ entrypoint, decision }, seconds),
  });

  const temporal = createTemporalClient({
    address: config.TENURE_TEMPORAL_ADDRESS,
    namespace: config.TENURE_TEMPORAL_NAMESPACE,
    keyring: codecKeyring,
  });
  const workflows = createWorkflowStarters({ client: temporal.client, taskQueue: config.TENURE_TASK_QUEUE });
  const startAccepted = createStartAccepted(createStartOrDefer(logger), workflows.startOperation);
  const cells = createCells({
    cells: connected,
    identityOf: createAdopt({ store, installation: config.TENURE_INSTALLATION }),
  });

  let phase: ProcessPhase = 'starting';
  // The ops server starts first, so that it can report what the start waits for.
  const ops = await startOpsServer({
    host: config.TENURE_HOST,
    port: config.TENURE_WORKER_OPS_PORT,
    registry: metrics.registry,
    moreMetrics: sdkMetrics,
    readiness: () =>
      checkReadiness(
        [
          { name: 'control', check: () => store.ping() },
          { name: 'temporal', check: () => temporal.ping() },
          { name: 'policy', check: () => policy.check() },
          clockCheck(store.clock),
          ...reachableChecks(cells),
        ],
        phase,
      ),
  });
  const stopTransactionWatch = watchTransactions({
    endAbandoned: () => store.endAbandonedTransactions(),
    logger,
    metrics,
  });
  await untilReady('control database', logger, () => store.prepare());
  const stopClock = keepClock({ clock: store.clock, logger, metrics });
  await store.cells.forgetOld().catch(() => undefined);
  const stopMonitor = await monitorCells({
    cells,
    observe: (cell, seen) => store.cells.observe(cell, name, seen),
    logger,
    metrics,
  });
  const admit = createAdmit({ ...store, policy, keyProvider });
  const templates = createTemplates(store);
  const failpoints = createFailpoints(config.TENURE_FAILPOINT_DIR);
  // Temporal runs this worker, so there is no need to check that Temporal is available.
  const changeTenant = createChangeTenant({
    store,
    admit,
    templates,
    brake: createMassChangeBrake({ store, limits: massChangeLimits(config) }),
    requireTemporal: async () => undefined,
    failpoints,
  });
  const activities = {
    ...createOperationActivities({
      store,
      admit,
      cells,
      startAccepted,
      templates,
      handlers: createStepHandlers({ ...store, tenantSecrets }),
      installation: config.TENURE_INSTALLATION,
      worker: name,
      failpoints,
      logger,
      metrics,
    }),
    ...withHeartbeats({
      ...createVerificationActivities({
        store,
        cells,
        installation: config.TENURE_INSTALLATION,
        worker: name,
        password: tenantSecrets.password,
        failpoints,
        logger,
        metrics,
      }),
      ...createDriftActivities({
        store,
        cells,
        templates,
        installation: config.TENURE_INSTALLATION,
        worker: name,
        record: createRecordDrift({ store, changeTenant }),
        startAccepted,
        failpoints,
        logger,
        metrics,
      }),
      ...createSweepActivities({
        store,
        ...workflows,
        startAccepted,
        beginDue: createDueWork({
          store,
          changeTenant,
          unschedule: (request) => unschedulePlan({ store, admit }, request),
        }),
        logger,
        metrics,
      }),
      ...createRolloutActivities({
        advance: createAdvanceRollout({ store, templates, changeTenant, startAccepted }),
        logger,
      }),
    }),
  };
  const bundle = await building;
  const stopping = new AbortController();
  const { connection, worker, webhookWorker } = await untilReady('Temporal', logger, async () => {
    await temporal.ping();
    const opened = await NativeConnection.connect({ address: config.TENURE_TEMPORAL_ADDRESS });
    try {
      const created = await Worker.create({
        connection: opened,
        namespace: config.TENURE_TEMPORAL_NAMESPACE,
        taskQueue: config.TENURE_TASK_QUEUE,
        workflowBundle: bundle,
        dataConverter: createDataConverter(codecKeyring),
        activities,
        maxCachedWorkflows: config.TENURE_WORKER_CACHED_WORKFLOWS,
        // When a worker dies, its cached workflows are offered to the others after this time.
        stickyQueueScheduleToStartTimeout: '4s',
        shutdownGraceTime: '10s',
        maxHeartbeatThrottleInterval: '2s',
      });
      const forWebhooks = await createWebhookWorker({
        connection: opened,
        namespace: config.TENURE_TEMPORAL_NAMESPACE,
        taskQueue: config.TENURE_TASK_QUEUE,
        dataConverter: createDataConverter(codecKeyring),
        store,
        keyProvider,
        guard: createAddressGuard(webhookRanges(config)),
        logger,
        metrics,
        stopping: stopping.signal,
      });
      return { connection: opened, worker: created, webhookWorker: forWebhooks };
    } catch (error) {
      await opened.close();
      throw error;
    }
  });

  const stopSchedules = keepSchedules({
    client: temporal.client,
    taskQueue: config.TENURE_TASK_QUEUE,
    driftEveryMs: config.TENURE_DRIFT_SCAN_SECONDS * 1000,
    sweepEveryMs: config.TENURE_SWEEP_SECONDS * 1000,
    logger,
  });
  const signer =
    config.TENURE_LOG_KEY_FILE === undefined
      ? undefined
      : createHeadSigner(
          config.TENURE_INSTALLATION,
          readLogKeys(config.TENURE_LOG_KEY_FILE, config.TENURE_SECRET_FILE_ACCESS),
        );
  const headMemory =
    config.TENURE_LOG_HEAD_FILE === undefined ? createForgetful() : createHeadFile(config.TENURE_LOG_HEAD_FILE);
  const sequencer =
    config.TENURE_SEQUENCER === 'on'
      ? startSequencer({
          log: store.log,
          committed: store.committedEntries,
          clock: store.clock,
          holder: `${name}/${store.newId()}`,
          failpoints,
          logger,
          metrics,
          ...(signer === undefined
            ? {}
            : { beginSigning: () => createSignedHeads({ ...store, signer, memory: headMemory, logger, metrics }) }),
        })
      : undefined;
  const running = Promise.all([worker.run(), webhookWorker.run()]);
  phase = 'running';

  stopOnSignal({
    logger,
    deadlineMs: 20_000,
    stages: [
      {
        name: 'loops',
        stop: () => {
          phase = 'stopping';
          stopMonitor();
          stopClock();
          stopSchedules();
          stopTransactionWatch();
        },
      },
      {
        name: 'worker',
        stop: async () => {
          stopping.abort();
          worker.shutdown();
          webhookWorker.shutdown();
          await Promise.all([running, sequencer?.stop()]);
        },
      },
      {
        name: 'Temporal connections',
        stop: async () => {
          await connection.close();
          await temporal.close();
        },
      },
      {
        name: 'MongoDB connections',
        stop: async () => {
          await Promise.all([control.close(), ...connected.map(({ client }) => client.close())]);
        },
      },
      {
        name: 'ops server',
        stop: () => {
          ops.close();
        },
      },
    ],
  });
  logger.info('worker is running', { taskQueue: config.TENURE_TASK_QUEUE, bundle: policy.bundle });
  await running;
}

main().catch((error: unknown) => {
  const logger = createLogger({ service: 'worker', level: 'error' });
  logger.error(
    error instanceof ConfigError ? error.message : 'the worker stopped because of an error',
    errorFields(error),
  );
  process.exitCode = 1;
  process.exit();
});
