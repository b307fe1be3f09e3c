import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { maxRequestHeadBytes } from '../contracts/request-headers.ts';
import { createSchemaRehearsal } from '../engines/isolation/rehearsal/rehearse-schema.ts';
import { addressChecks, monitorCells } from '../engines/isolation/cell-monitor.ts';
import { createCells } from '../engines/isolation/cells.ts';
import { connectCells } from '../engines/isolation/connect-cells.ts';
import { createLocalKeyProvider } from '../engines/keys/key-provider.ts';
import { measuredPolicy } from '../engines/policy/measured-policy.ts';
import { printSettings } from '../platform/config-explanation.ts';
import {
  ConfigError,
  apiSettings,
  claimPlaces,
  massChangeLimits,
  processEnvironment,
  readApiConfig,
  shareLimits,
  webhookRanges,
} from '../platform/config.ts';
import { readCells, readJwks, readKeyring } from '../platform/config-files.ts';
import { createFailpoints } from '../platform/failpoints.ts';
import { createLogger, errorFields } from '../platform/logging.ts';
import { createMetrics } from '../platform/metrics.ts';
import { planeProcesses } from '../platform/processes.ts';
import { checkReadiness, cachedReadiness, startOpsServer } from '../platform/ops-server.ts';
import { stopOnSignal } from '../platform/shutdown.ts';
import { createTemporalClient } from '../platform/temporal-client.ts';
import { watchTransactions } from '../platform/transaction-watch.ts';
import { untilReady } from '../platform/until-ready.ts';
import { clockCheck, keepClock } from '../store/keep-clock.ts';
import { createStore } from '../store/store.ts';
import { createApp } from './app.ts';
import { answerClientError } from './client-error.ts';
import { createAuthenticate } from './authentication.ts';
import { createAuthorize } from './authorization.ts';
import { createAwaitOutcome } from './await-outcome.ts';
import { createStartOrDefer } from '../platform/start-or-defer.ts';
import { createTemporalGuard } from './temporal.ts';
import { createHandlers, rehearsed } from './create-handlers.ts';
import type { HandlerDependencies } from './create-handlers.ts';
import { createEarlyRefusal } from './early-refusal.ts';
import { createOperationWatch } from './operation-watch.ts';
import { createAddressGuard } from '../engines/webhooks/address-guard.ts';
import { createEventFeed } from '../engines/events/event-feed.ts';
import { createEventReading } from './events/event-reading.ts';
import { createEventSource } from './events/event-source.ts';
import { createPageTokens } from './page-token.ts';
import { createCellAddresses, openRehearsalCells } from './cells.ts';
import { startLedgerGuard } from './ledger-guard.ts';
import { createReplayGuard } from './replay-guard.ts';
import { createShares } from './shares/shares.ts';
import { createChangeHub } from './watch/change-hub.ts';
import { createChangeSources } from './watch/change-sources.ts';
import { createWatches } from './watch/watches.ts';
import { createWorkflowStarters } from '../platform/workflow-starters.ts';

const drainMs = 10_000;
const closeIdleEveryMs = 50;

/** The API process: it serves requests until it is stopped, then drains. */
async function main(): Promise<void> {
  if (process.argv.includes('--explain-config')) {
    process.exitCode = printSettings(apiSettings, processEnvironment());
    return;
  }
  const config = readApiConfig();
  const logger = createLogger({ service: 'api', level: config.TENURE_LOG_LEVEL });
  const metrics = createMetrics('api');
  const stopping = new AbortController();

  const control = new MongoClient(config.TENURE_CONTROL_URI, {
    appName: planeProcesses.api,
    maxPoolSize: 50,
    serverSelectionTimeoutMS: 2_000,
    connectTimeoutMS: 2_000,
    socketTimeoutMS: 15_000,
  });
  const store = createStore({
    client: control,
    names: { control: config.TENURE_CONTROL_DATABASE, secrets: config.TENURE_SECRETS_DATABASE },
    installation: config.TENURE_INSTALLATION,
  });
  const keyring = readKeyring('TENURE_KEYRING_FILE', config.TENURE_KEYRING_FILE, config.TENURE_SECRET_FILE_ACCESS);
  const keyProvider = createLocalKeyProvider(keyring);
  const policy = measuredPolicy({
    bundleDirectory: config.TENURE_POLICY_BUNDLE,
    observe: (entrypoint, decision, seconds) => metrics.decisions.observe({ entrypoint, decision }, seconds),
  });
  const temporal = createTemporalClient({
    address: config.TENURE_TEMPORAL_ADDRESS,
    namespace: config.TENURE_TEMPORAL_NAMESPACE,
    keyring: readKeyring(
      'TENURE_CODEC_KEYRING_FILE',
      config.TENURE_CODEC_KEYRING_FILE,
      config.TENURE_SECRET_FILE_ACCESS,
    ),
  });

  const shares = createShares(shareLimits(config));
  const addresses = readCells(config.TENURE_CELLS_FILE, config.TENURE_SECRET_FILE_ACCESS);
  const rehearsalCells = openRehearsalCells(addresses);
  const connected = connectCells(addresses, { appName: 'tenure-api', maxPoolSize: 2 });
  const cells = createCells({ cells: connected, identityOf: ({ name }) => store.cellIdentities.find(name) });
  const authorize = createAuthorize({ policy, refusals: store.refusals, clock: store.clock });
  const pageTokens = createPageTokens(keyring);
  const prepareEventReading = createEventReading({ store, authorize, pageTokens });
  const dependencies: HandlerDependencies = {
    store,
    policy,
    keyProvider,
    authorize,
    brakeLimits: massChangeLimits(config),
    workflows: createWorkflowStarters({ client: temporal.client, taskQueue: config.TENURE_TASK_QUEUE }),
    requireTemporal: createTemporalGuard(() => temporal.ping()),
    startOrDefer: createStartOrDefer(logger),
    failpoints: createFailpoints(config.TENURE_FAILPOINT_DIR),
    pageTokens,
    prepareEventReading,
    installation: config.TENURE_INSTALLATION,
    watch: createOperationWatch({
      operations: store.operations,
      followEnded: store.followEndedOperations,
      stopping: stopping.signal,
      waits: shares.waits,
    }),
    webhookRules: {
      guard: createAddressGuard(webhookRanges(config)),
      allowsHttp: config.TENURE_WEBHOOK_HTTP === 'allowed',
    },
    endpoint: createCellAddresses({
      cells,
      addresses: new Map(connected.map(({ name, endpoint }) => [name, endpoint])),
    }),
  };
  const currentReadiness = () =>
    checkReadiness(
      [
        { name: 'control', check: () => store.ping() },
        { name: 'temporal', check: () => temporal.ping() },
        { name: 'policy', check: () => policy.check() },
        clockCheck(store.clock),
        ...addressChecks(cells, store.cells),
      ],
      stopping.signal.aborted ? 'stopping' : 'running',
    );
  const readiness = cachedReadiness(currentReadiness, stopping.signal);

  const now = (): Date => store.clock.now();
  const ledgerGuard = startLedgerGuard({
    lag: store.sequencingLag,
    maxLagMs: config.TENURE_MAX_SEQUENCING_LAG_SECONDS * 1000,
    logger,
    metrics,
  });
  const app = createApp({
    handlers: createHandlers(dependencies),
    rehearsals: createHandlers(rehearsed(dependencies, createSchemaRehearsal(rehearsalCells))),
    awaitOutcome: createAwaitOutcome(dependencies),
    sources: {
      ...createChangeSources({
        hub: createChangeHub({
          open: store.openChangeFeed,
          maxFollowers: config.TENURE_MAX_WATCHES,
          logger,
          stopping: stopping.signal,
        }),
        watches: createWatches(dependencies),
        pageTokens,
      }),
      watchEvents: createEventSource({
        feed: createEventFeed({ events: store.events, logger, stopping: stopping.signal }),
        events: store.events,
        prepareEventReading,
        shares,
        stopping: stopping.signal,
      }),
    },
    now,
    authenticate: createAuthenticate({
      keys: readJwks(config.TENURE_JWKS_FILE),
      issuer: config.TENURE_JWT_ISSUER,
      audience: config.TENURE_JWT_AUDIENCE,
      claims: claimPlaces(config),
      knownRoles: () => policy.roles,
      now,
    }),
    idempotency: store.idempotency,
    guardReplay: createReplayGuard(dependencies),
    maxStreams: config.TENURE_MAX_WATCHES,
    requireSequenced: ledgerGuard.requireSequenced,
    refuseEarly: createEarlyRefusal(dependencies),
    shares,
    logger,
    metrics,
    readiness,
    stopping: stopping.signal,
  });

  const ops = await startOpsServer({
    host: config.TENURE_HOST,
    port: config.TENURE_API_OPS_PORT,
    registry: metrics.registry,
    readiness,
  });
  const server = createServer(
    {
      maxHeaderSize: maxRequestHeadBytes,
      requestTimeout: 30_000,
      headersTimeout: 10_000,
      keepAliveTimeout: config.TENURE_KEEP_ALIVE_SECONDS * 1000,
    },
    app,
  );
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(config.TENURE_API_PORT, config.TENURE_HOST, () => resolve());
  });
  logger.info('api listens', { address: `http://${config.TENURE_HOST}:${config.TENURE_API_PORT}` });
  const stopTransactionWatch = watchTransactions({
    endAbandoned: () => store.endAbandonedTransactions(),
    logger,
    metrics,
  });
  void untilReady('control database', logger, () => store.prepare());
  const stopMonitor = monitorCells({ cells, logger, metrics });
  const stopClock = keepClock({ clock: store.clock, logger, metrics });

  stopOnSignal({
    logger,
    deadlineMs: config.TENURE_DRAIN_SECONDS * 1000 + drainMs + 5_000,
    stages: [
      {
        name: 'requests',
        async stop() {
          // From now on the process is not ready, but it still accepts requests, so that load balancers have time to
          // notice.
          stopping.abort();
          await delay(config.TENURE_DRAIN_SECONDS * 1000);
          // Requests in progress are finished; idle connections are closed.
          stopClock();
          ledgerGuard.stop();
          void stopMonitor.then((stop) => stop());
          const closed = new Promise<void>((resolve) => server.close(() => resolve()));
          // Clients keep a connection for their next request, which this process no longer accepts.
          const closingIdle = setInterval(() => server.closeIdleConnections(), closeIdleEveryMs);
          await Promise.race([closed, delay(drainMs, undefined, { ref: false })]);
          clearInterval(closingIdle);
          server.closeAllConnections();
        },
      },
      { name: 'counted refusals', stop: () => store.refusals.flush() },
      { name: 'Temporal connection', stop: () => temporal.close() },
      {
        name: 'MongoDB connections',
        stop: async () => {
          stopTransactionWatch();
          await Promise.all([
            control.close(),
            rehearsalCells.close(),
            ...connected.map(({ client }) => client.close()),
          ]);
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
}

main().catch((error: unknown) => {
  const logger = createLogger({ service: 'api', level: 'error' });
  logger.error(error instanceof ConfigError ? error.message : 'the api ended', errorFields(error));
  process.exitCode = 1;
  process.exit();
});
