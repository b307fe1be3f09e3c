import { TenureError } from '../../domain/tenure-error.ts';
import { errorFields } from '../../platform/logging.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Metrics } from '../../platform/metrics.ts';
import type { CheckpointStore } from '../../store/checkpoints.ts';
import type { ControlClock } from '../../store/control-clock.ts';
import type { LogStore } from '../../store/log.ts';
import type { HeadSigner, TreeHead } from './head-signer.ts';
import { requirePrefix } from './log-tree.ts';

/** Of all signed heads, one in this time is kept. */
const keepEveryMs = 60 * 60 * 1000;

/** Remembers the last signed head where no restore of the control database reaches it. */
export interface HeadMemory {
  read(): Promise<TreeHead | undefined>;
  /** Resolves when it outlasts a crash. */
  write(head: TreeHead): Promise<void>;
}

/** Remembers only while the process runs. */
export function createForgetful(): HeadMemory {
  let last: TreeHead | undefined;
  return {
    read: async () => last,
    async write(head) {
      last = head;
    },
  };
}

export interface SignedHeadsDependencies {
  readonly signer: HeadSigner;
  readonly memory: HeadMemory;
  readonly log: LogStore;
  readonly checkpoints: Pick<CheckpointStore, 'keep' | 'latestTime' | 'publishKeys'>;
  readonly clock: Pick<ControlClock, 'now'>;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'signedEntries'>;
}

/** Signs the heads of one log, as long as each contains all that was signed before. */
export interface SignedHeads {
  /**
   * The signed checkpoint of a head. Undefined if it must not be signed: the log is shorter than, or differs from, what
   * this process remembers to have signed.
   */
  checkpoint(head: TreeHead): Promise<string | undefined>;
}

/**
 * Begins to sign for the log as it is now. A log that was replaced by an older or another one is sequenced, because
 * services depend on it, but it is not signed: two signed heads of one size would prove that this log lies.
 */
export function createSignedHeads({
  signer,
  memory,
  log,
  checkpoints,
  clock,
  logger,
  metrics,
}: SignedHeadsDependencies): SignedHeads {
  /** Undefined until the log was compared with the memory. */
  let isConsistent: boolean | undefined;
  let last: TreeHead | undefined;
  let keptTime = new Date(0);

  async function compare(): Promise<boolean> {
    last = await memory.read();
    await checkpoints.publishKeys(signer.keys);
    keptTime = (await checkpoints.latestTime()) ?? keptTime;
    if (last === undefined) return true;
    try {
      await requirePrefix(last, log);
      return true;
    } catch (error) {
      if (!(error instanceof TenureError) || error.code !== 'ledger_damaged') throw error;
      logger.error(
        `the log is not signed any more: it does not begin with the ${last.size} entries that were signed. If the control database was restored, see the guide`,
        errorFields(error),
      );
      return false;
    }
  }

  return {
    async checkpoint(head) {
      isConsistent ??= await compare();
      if (!isConsistent || head.size < (last?.size ?? 0)) return undefined;
      // Another process of this machine may share the memory, and have signed a larger one.
      if (((await memory.read())?.size ?? 0) < head.size) await memory.write(head);
      last = head;
      const note = signer.sign(head);
      metrics.signedEntries.set(head.size);
      const now = clock.now();
      if (now.getTime() - keptTime.getTime() >= keepEveryMs) {
        await checkpoints.keep({ size: head.size, note });
        keptTime = now;
      }
      return note;
    },
  };
}
