import type { Document } from 'mongodb';
import type { ProbeFamily } from '../../../contracts/isolation-report.ts';
import type { ProbeTarget } from './probe-target.ts';

/** The name in everything that probes write: it shows that a probe made a change. */
export const probeMark = 'stranger';

/** What probes write into documents. */
export const mark = { [probeMark]: true } as const;

/** One use of a tenant's credential against another tenant. */
export interface Probe {
  readonly family: ProbeFamily;
  /** For people; unique within its direction. */
  readonly name: string;
  readonly target: ProbeTarget;
  readonly database: string;
  readonly command: Document;
  /**
   * `refused`: mongod must refuse it because of missing rights. `nothing`: mongod may run it, but it must not disclose
   * or change anything of the other tenant.
   */
  readonly expects: 'refused' | 'nothing';
  /** It only reads, so it need not be stopped if mongod allows it; the answer is then the proof. */
  readonly reads?: true;
}
