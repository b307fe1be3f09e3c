import type { OperationKind } from '../../../contracts/lifecycle.ts';
import type { OperationDocument } from '../../../store/documents.ts';
import type { Installation } from '../../harness/installation.ts';
import type { Recollection } from '../recollection.ts';
import type { Findings } from './finding.ts';

/** Paths that give access. */
const opening: readonly OperationKind[] = ['resume', 'reactivate', 'activate'];

/** From when a caller knew that a tenant is suspended until somebody asked for its access again. */
export interface Suspension {
  readonly uid: string;
  readonly from: number;
  readonly to: number;
}

/** Every suspension that somebody has seen succeed. Times are of one clock: all of it runs on one machine. */
export function suspensionsIn(operations: readonly OperationDocument[], ends: Recollection['ends']): Suspension[] {
  return ends.flatMap(({ operation, kind, uid, state, seenAt }) => {
    if (kind !== 'suspend' || state !== 'succeeded') return [];
    const next = operations
      .filter((other) => other.tenant.uid === uid && other._id > operation && opening.includes(other.kind))
      .map(({ createTime }) => createTime.getTime());
    const to = Math.min(Infinity, ...next);
    return to > seenAt ? [{ uid, from: seenAt, to }] : [];
  });
}

/** That nothing was written with a tenant's credential between an acknowledged suspension and what gave access again. */
export async function checkSuspensions(
  { control, databases }: Pick<Installation, 'control' | 'databases'>,
  { ends, documents }: Pick<Recollection, 'ends' | 'documents'>,
  findings: Findings,
): Promise<readonly Suspension[]> {
  const operations = await control.db(databases.control).collection<OperationDocument>('operations').find().toArray();
  const suspensions = suspensionsIn(operations, ends);
  for (const { uid, from, to } of suspensions) {
    for (const { id, sentAt, acknowledgedAt } of documents.filter((document) => document.uid === uid)) {
      if (acknowledgedAt === undefined || sentAt < from || acknowledgedAt > to) continue;
      findings.add('access', `${uid} wrote ${id} ${sentAt - from} ms after its suspension was seen to have succeeded`);
    }
  }
  return suspensions;
}
