import type { Document } from 'mongodb';
import { BSON, UUID } from 'mongodb';
import type { ProbeFamily } from '../../../contracts/isolation-report.ts';
import { listOnCell } from '../cell-commands.ts';
import type { Home } from '../home.ts';
import { footholds } from '../probe/boundary-attempts.ts';

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
  /**
   * The same probe with an expectation that was found for this target. Present if the expectation is from an earlier
   * verification; it is only needed if mongod does not refuse the probe.
   */
  readonly examined?: () => Promise<Probe>;
  /** It only reads, so it need not be stopped if mongod allows it; the answer is then the proof. */
  readonly reads?: true;
}

/** One collection of the other tenant, as the target of probes. */
export interface ProbeTarget {
  readonly uid: string;
  readonly database: string;
  readonly collection: string;
  readonly uuid: UUID;
}

/** One collection in each database where the other tenant has one. @throws TenureError cell_unavailable */
export async function probeTargetsIn(other: Home): Promise<ProbeTarget[]> {
  const targets: ProbeTarget[] = [];
  for (const { database, name } of footholds(other)) {
    const [info] = await listOnCell<{ info: { uuid?: UUID } }>(other, database, {
      listCollections: 1,
      filter: { name },
    });
    targets.push({ uid: other.uid, database, collection: name, uuid: info?.info.uuid ?? new UUID() });
  }
  return targets;
}

/** A tenant that does not exist: an answer about it discloses nothing. */
export interface Nobody {
  readonly uid: string;
  readonly uuid: UUID;
}

function mapped(value: unknown, text: (text: string) => string, uuid: (uuid: UUID) => UUID): unknown {
  if (typeof value === 'string') return text(value);
  if (value instanceof UUID) return uuid(value);
  if (Array.isArray(value)) return value.map((item) => mapped(item, text, uuid));
  // BSON's own types cannot contain a name.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), mapped(item, text, uuid)]));
}

/** The same value, about nobody. All names of a tenant contain its uid, or are in a database whose name does. */
export function aboutNobody<Value>(value: Value, { uid, uuid }: ProbeTarget, nobody: Nobody): Value {
  const isTheirs = (found: UUID): boolean => found.equals(uuid);
  return mapped(
    value,
    (text) => text.replaceAll(uid, nobody.uid),
    (found) => (isTheirs(found) ? nobody.uuid : found),
  ) as Value;
}

/**
 * What an answer must never contain: the other tenant's uid, which reveals all of its names, the collection's UUID, and
 * its canary.
 */
export function secretsOf({ uid, uuid }: ProbeTarget, canary: string): readonly Buffer[] {
  return [Buffer.from(uid, 'utf8'), Buffer.from(canary, 'utf8'), Buffer.from(uuid.buffer)];
}

/** Whether the bytes of a reply contain any of these. */
export function containsAny(reply: Document, secrets: readonly Buffer[]): boolean {
  const bytes = Buffer.from(BSON.serialize(reply));
  return secrets.some((secret) => bytes.includes(secret));
}
