import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { countLostLines } from './log-output.ts';

/** In seconds, from a policy decision (10 µs) to an operation that waited for a cell (10 min). */
const decisionBuckets = [0.00001, 0.00005, 0.0001, 0.0005, 0.001, 0.005, 0.05];
const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const operationBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600];

/**
 * All metrics of one process. No label contains a tenant's name, so that the number of series does not grow with
 * tenants.
 */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  readonly openWatches: Gauge;
  readonly decisions: Histogram<'entrypoint' | 'decision'>;
  readonly operations: Histogram<'kind' | 'state'>;
  readonly steps: Histogram<'step' | 'outcome'>;
  readonly compensationFailures: Counter<'step'>;
  readonly resumedOperations: Counter;
  readonly clockDifference: Gauge;
  readonly abandonedTransactions: Counter;
  readonly cellReachable: Gauge<'cell'>;
  readonly driftFindings: Counter<'part' | 'kind'>;
  readonly driftScans: Histogram<'cell'>;
  readonly isolationProbes: Counter<'outcome'>;
  readonly isolationBreaches: Counter;
  readonly sequencedEntries: Counter;
  readonly sequencingDelay: Histogram;
  readonly signedEntries: Gauge;
  readonly sequencingLag: Gauge;
  readonly webhookAttempts: Histogram<'outcome'>;
}

export function createMetrics(service: 'api' | 'worker'): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  countLostLines(registry);
  const registers = [registry];
  return {
    registry,
    requests: new Histogram({
      name: 'tenure_http_request_duration_seconds',
      help: 'Duration of HTTP requests, by route and status.',
      labelNames: ['method', 'route', 'status'],
      buckets: requestBuckets,
      registers,
    }),
    openWatches: new Gauge({ name: 'tenure_http_open_watches', help: 'Open watch streams.', registers }),
    decisions: new Histogram({
      name: 'tenure_policy_decision_duration_seconds',
      help: 'Duration of policy decisions, by entry point and result.',
      labelNames: ['entrypoint', 'decision'],
      buckets: decisionBuckets,
      registers,
    }),
    operations: new Histogram({
      name: 'tenure_operation_duration_seconds',
      help: 'Duration of operations, from acceptance to the end.',
      labelNames: ['kind', 'state'],
      buckets: operationBuckets,
      registers,
    }),
    steps: new Histogram({
      name: 'tenure_operation_step_duration_seconds',
      help: 'Duration of step attempts.',
      labelNames: ['step', 'outcome'],
      buckets: operationBuckets,
      registers,
    }),
    compensationFailures: new Counter({
      name: 'tenure_compensation_failures_total',
      help: 'Failed attempts to undo a step.',
      labelNames: ['step'],
      registers,
    }),
    resumedOperations: new Counter({
      name: 'tenure_operations_resumed_total',
      help: 'Stalled operations that the sweep restarted.',
      registers,
    }),
    abandonedTransactions: new Counter({
      name: 'tenure_abandoned_transactions_total',
      help: 'Abandoned transactions on the control database that this process aborted.',
      registers,
    }),
    driftFindings: new Counter({
      name: 'tenure_drift_findings_total',
      help: 'Differences between declared and actual state found by scans.',
      labelNames: ['part', 'kind'],
      registers,
    }),
    driftScans: new Histogram({
      name: 'tenure_drift_scan_duration_seconds',
      help: 'Duration of the scan of one page of homes of a cell.',
      labelNames: ['cell'],
      buckets: operationBuckets,
      registers,
    }),
    isolationProbes: new Counter({
      name: 'tenure_isolation_probes_total',
      help: 'Isolation probes, by outcome.',
      labelNames: ['outcome'],
      registers,
    }),
    isolationBreaches: new Counter({
      name: 'tenure_isolation_breaches_total',
      help: 'Isolation verifications that found a breach.',
      registers,
    }),
    sequencedEntries: new Counter({
      name: 'tenure_ledger_sequenced_entries_total',
      help: 'Ledger entries that this process gave their place in the log.',
      registers,
    }),
    sequencingDelay: new Histogram({
      name: 'tenure_ledger_sequencing_delay_seconds',
      help: 'Time from the commit of an entry to its place in the log: the oldest entry of each batch.',
      buckets: requestBuckets,
      registers,
    }),
    sequencingLag: new Gauge({
      name: 'tenure_ledger_sequencing_lag_seconds',
      help: 'How long the oldest ledger entry without a place in the log has been waiting, as this API sees it.',
      registers,
    }),
    webhookAttempts: new Histogram({
      name: 'tenure_webhook_attempt_duration_seconds',
      help: 'Duration of attempts to deliver an event to a webhook, by outcome.',
      labelNames: ['outcome'],
      buckets: requestBuckets,
      registers,
    }),
    signedEntries: new Gauge({
      name: 'tenure_ledger_signed_entries',
      help: 'Size of the log in the last head that this process signed.',
      registers,
    }),
    clockDifference: new Gauge({
      name: 'tenure_clock_difference_seconds',
      help: 'Clock of this process minus the clock of the control database.',
      registers,
    }),
    cellReachable: new Gauge({
      name: 'tenure_cell_reachable',
      help: '1 if the last check of the cell succeeded.',
      labelNames: ['cell'],
      registers,
    }),
  };
}
