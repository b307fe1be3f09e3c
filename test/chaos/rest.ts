import type { OperationDocument, RolloutDocument } from '../../store/documents.ts';
import type { Installation } from '../harness/installation.ts';
import { until } from '../harness/until.ts';
import type { Findings } from './oracle/finding.ts';

const restWithinMs = 180_000;
const pollMs = 500;

/** Waits until no operation and no roll-out runs. Each one that does not end is a finding. */
export async function comeToRest(
  { control, databases }: Pick<Installation, 'control' | 'databases'>,
  findings: Findings,
  withinMs = restWithinMs,
): Promise<void> {
  const db = control.db(databases.control);
  const goingOn = async (): Promise<string[]> => {
    const operations = await db.collection<OperationDocument>('operations').find({ unfinished: true }).toArray();
    const rollouts = await db.collection<RolloutDocument>('rollouts').find({ unsettled: true }).toArray();
    return [
      ...operations.map(({ _id, kind, state, tenant }) => `${kind} ${_id} of ${tenant.name} is ${state}`),
      ...rollouts.map(({ _id, state }) => `roll-out ${_id} is ${state} and unsettled`),
    ];
  };
  let last: readonly string[] = [];
  try {
    await until('everything has ended', async () => (last = await goingOn()).length === 0, withinMs, pollMs);
  } catch {
    for (const one of last) findings.add('unended', `${one}, ${withinMs / 1000} s after all processes ran again`);
  }
}
