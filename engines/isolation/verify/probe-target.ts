import { BSON, UUID } from 'mongodb';
import type { Document } from 'mongodb';
import { listOnCell } from '../cell-commands.ts';
import type { Home } from '../home.ts';
import { footholds } from '../probe/boundary-attempts.ts';

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
  if (Array.isArray(value)) return value.map((one) => mapped(one, text, uuid));
  // BSON's own types cannot contain a name.
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [text(key), mapped(one, text, uuid)]));
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
export function revealing({ uid, uuid }: ProbeTarget, canary: string): readonly Buffer[] {
  return [Buffer.from(uid, 'utf8'), Buffer.from(canary, 'utf8'), Buffer.from(uuid.buffer)];
}

/** Whether the bytes of a reply contain any of these. */
export function holdsAny(reply: Document, secrets: readonly Buffer[]): boolean {
  const bytes = Buffer.from(BSON.serialize(reply));
  return secrets.some((secret) => bytes.includes(secret));
}
