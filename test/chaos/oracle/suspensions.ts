import type { OperationKind } from '../../../contracts/lifecycle.ts';
import type { OperationDocument } from '../../../store/documents.ts';
import type { Installation } from '../../harness/installation.ts';
import type { Recollection } from '../recollection.ts';
import type { Findings } from './finding.ts';

/** Paths that grant access. */
const opening: readonly OperationKind[] = ['resume', 'reactivate', 'activate'];

/** The time from when a caller knew that a tenant is suspended until a caller requested access for it again. */
export interface Suspension {
  readonly uid: string;
  readonly from: number;
  readonly to: number;
}

/** Every suspension that a caller has seen succeed. All times are from the clock of one machine. */
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

/** Checks that no tenant has written between an acknowledged suspension and the next request that grants access. */
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
      findings.add('access', `${uid} wrote ${id} ${sentAt - from} ms after its suspension was reported as succeeded`);
    }
  }
  return suspensions;
}
