import type { Document } from 'mongodb';
import type { ProbeFamily } from '../../../contracts/isolation-report.ts';
import type { ProbeTarget } from './probe-target.ts';

/** The name in all that probes write: by it a change of another's is known for a probe's doing. */
export const probeMark = 'stranger';

/** What probes write into documents. */
export const mark = { [probeMark]: true } as const;

/** One thing that a tenant's credential is used for, aimed at another tenant. */
export interface Probe {
  readonly family: ProbeFamily;
  /** For people; unique within its direction. */
  readonly name: string;
  readonly target: ProbeTarget;
  readonly database: string;
  readonly command: Document;
  /**
   * `refused`: mongod has to refuse it, for want of rights. `nothing`: mongod may do it, or may do it for nobody; but nothing of the
   * other may be given or changed by it.
   */
  readonly expects: 'refused' | 'nothing';
  /** It only reads, so it need not be stopped where mongod lets it; the answer is then the proof. */
  readonly reads?: true;
}
