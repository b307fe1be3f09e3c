import { setTimeout as delay } from 'node:timers/promises';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Failpoints } from '../../platform/failpoints.ts';
import { errorFields } from '../../platform/logging.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { CommittedEntries, CommittedEntry, CommittedEntryStore } from '../../store/committed-entries.ts';
import type { ControlClock } from '../../store/control-clock.ts';
import { clockToleranceMs } from '../../store/control-clock.ts';
import type { LogHead, LogLease, LogStore } from '../../store/log.ts';
import { ulidsFrom } from '../../store/ulid.ts';
import { createPending } from './pending-entries.ts';
import { readTree } from './log-tree.ts';
import type { SignedHeads } from './signed-heads.ts';
import { createSequenceEnds, sequenceEntries } from './sequence-entries.ts';

export interface SequencerDependencies {
  readonly log: LogStore;
  readonly committed: CommittedEntryStore;
  readonly clock: Pick<ControlClock, 'now'>;
  /** Names this process in the log; unique among all processes. */
  readonly holder: string;
  readonly failpoints: Failpoints;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'sequencedEntries' | 'sequencingDelay'>;
  /** Begins to sign for the log as it is now. Absent if this process has no key. */
  readonly beginSigning?: () => SignedHeads;
}

export interface Sequencer {
  /** Ends it after what it is committing, and lets another take over at once. */
  stop(): Promise<void>;
}

const leaseMs = 6_000;
/** How often it is recorded how far the log is. A process that takes over reads what has followed. */
const recordEveryMs = 2_000;
/** After the first entry, others are awaited for so long: each commit to the log costs as much as a step's. */
const gatherMs = 15;
const retryMs = 500;
/** Only a person can repair the log. */
const damagedRetryMs = 5_000;
/** Entries in one commit: more take longer than they save. */
const largestBatch = 1_000;
/**
 * An entry gets its id this long before its commit at most: the time-outs of a transaction and of its retries, with a
 * wide margin for clocks.
 */
const idBeforeCommitMs = 10 * 60 * 1000;

/** Failpoints are armed for a tenant; the log concerns all. */
const everyTenant = 'log';

/**
 * Gives committed entries their places in the log and in their tenants' sequences, in the order in which they were
 * committed. Of all sequencers of an installation one works, and the others wait to take over. One that was suspended
 * and wakes up late is refused, because the place that it wants to fill is taken.
 */
export function startSequencer(dependencies: SequencerDependencies): Sequencer {
  const { log, holder, logger } = dependencies;
  const stopping = new AbortController();
  const { signal } = stopping;

  async function work(): Promise<void> {
    const taken = await log.takeOver(holder, leaseMs);
    if (taken === undefined) return;
    logger.info(`the ledger is sequenced here, from entry ${taken.head.size} on`);
    try {
      await sequenceFrom(taken.lease, taken.head, dependencies, signal);
    } finally {
      if (signal.aborted) await log.release(taken.lease).catch(() => undefined);
    }
  }

  const isStopping = (): boolean => signal.aborted;

  async function keepWorking(): Promise<void> {
    while (!isStopping()) {
      let isDamaged = false;
      try {
        await work();
      } catch (error) {
        if (isStopping()) return;
        const code = error instanceof TenureError ? error.code : undefined;
        isDamaged = code === 'ledger_damaged';
        const level = isDamaged ? 'error' : code === 'fenced' ? 'info' : 'warn';
        logger[level]('the ledger is not sequenced here any more', errorFields(error));
      }
      await delay(isDamaged ? damagedRetryMs : retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  const ended = keepWorking();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

/** Sequences until `signal`, or until it fails. What it knows of the log is then read again. */
async function sequenceFrom(
  lease: LogLease,
  start: LogHead,
  { log, committed, clock, failpoints, metrics, beginSigning }: SequencerDependencies,
  signal: AbortSignal,
): Promise<void> {
  const tree = await readTree(start, log);
  const ends = createSequenceEnds(log);
  /** What was committed before may have been sequenced by the process before. */
  const knownUntil = new Date(clock.now().getTime() + clockToleranceMs);
  let { readTo, throughTime } = start;

  const signed = beginSigning?.();
  let { checkpoint } = start;

  /** Records how far the log is, with its signature if there is something new to sign. */
  async function record(): Promise<void> {
    const head = { size: tree.size(), root: tree.root() };
    const before = { readTo, throughTime };
    if (signed !== undefined && head.size > (checkpoint?.size ?? 0)) {
      const note = await signed.checkpoint(head);
      if (note !== undefined) checkpoint = { size: head.size, note };
    }
    await log.record(lease, { ...head, ...before, checkpoint }, leaseMs);
  }

  async function add(entries: readonly CommittedEntry[]): Promise<void> {
    const positions = sequenceEntries(tree.size(), await ends.of(entries), entries);
    await failpoints.reach('sequence.before-append', everyTenant);
    await log.append(positions);
    await failpoints.reach('sequence.after-append', everyTenant);
    ends.learn(positions);
    await tree.grow(positions);
    metrics.sequencedEntries.inc(positions.length);
  }

  async function addUnknown(entries: readonly CommittedEntry[]): Promise<void> {
    const known = await log.sequenced(entries.map(({ id }) => id));
    const unknown = entries.filter(({ id }) => !known.has(id));
    if (unknown.length > 0) await add(unknown);
  }

  /** Sequences what a change stream no longer has. Where to continue is recorded when all of it is done. */
  async function catchUp(): Promise<void> {
    let batch: CommittedEntry[] = [];
    const next = async (): Promise<void> => {
      await addUnknown(batch);
      batch = [];
      await record();
    };
    for await (const entry of committed.since(ulidsFrom(throughTime.getTime() - idBeforeCommitMs))) {
      signal.throwIfAborted();
      batch.push(entry);
      if (batch.length === largestBatch) await next();
    }
    await next();
  }

  async function open(): Promise<CommittedEntries> {
    const resumed = readTo === null ? undefined : await committed.follow(readTo);
    if (resumed !== undefined) return resumed;
    // Opened first, so that nothing is missed in between; what both return is sequenced once.
    const fresh = (await committed.follow())!;
    try {
      await catchUp();
      return fresh;
    } catch (error) {
      await fresh.close();
      throw error;
    }
  }

  const pending = createPending(await open(), throughTime, signal);
  try {
    let recordedAt = performance.now();
    while (!signal.aborted) {
      const taken = await pending.take({ count: largestBatch, gatherMs, waitMs: recordEveryMs });
      const { entries, since } = taken;
      if (since !== undefined) {
        await (since > knownUntil ? add(entries) : addUnknown(entries));
        metrics.sequencingDelay.observe((clock.now().getTime() - since.getTime()) / 1000);
      }
      ({ readTo, throughTime } = taken);
      if (performance.now() - recordedAt < recordEveryMs) continue;
      await record();
      recordedAt = performance.now();
    }
    await record();
  } finally {
    await pending.close();
  }
}
