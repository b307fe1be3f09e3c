import type { OperationDocument, RolloutDocument, RolloutMemberDocument } from '../../../store/documents.ts';
import type { Installation } from '../../harness/installation.ts';
import type { Recollection } from '../recollection.ts';
import type { Findings } from './finding.ts';

/** Compares roll-outs with their members, and members with the operations that changed them. */
export async function checkRollouts(
  { control, databases }: Pick<Installation, 'control' | 'databases'>,
  { asked }: Pick<Recollection, 'asked'>,
  findings: Findings,
): Promise<void> {
  const db = control.db(databases.control);
  const rollouts = new Map(
    (await db.collection<RolloutDocument>('rollouts').find().toArray()).map((rollout) => [rollout._id, rollout]),
  );
  const members = await db.collection<RolloutMemberDocument>('rollout_members').find().toArray();
  const operations = await db.collection<OperationDocument>('operations').find().toArray();
  for (const {
    what,
    key,
    answers: [answer],
  } of asked) {
    if (what !== 'roll-out' || answer === undefined) continue;
    const { id } = answer.body as { id: string };
    if (!rollouts.has(id)) findings.add('lost', `roll-out ${id} (${key}) was accepted, but does not exist`);
    const succeeded = operations.filter(({ correlationId, state }) => correlationId === key && state === 'succeeded');
    for (const [uid, of] of Map.groupBy(succeeded, ({ tenant }) => tenant.uid)) {
      if (of.length > 1) findings.add('twice', `roll-out ${id} has changed ${uid} ${of.length} times`);
    }
  }
  for (const { _id: id, state, unsettled } of rollouts.values())
    if (state === 'running' || unsettled === true)
      findings.add('unended', `roll-out ${id} is ${state}${unsettled === true ? ' and unsettled' : ''}`);
  for (const {
    _id: { rollout, tenant },
    state,
    operationId,
  } of members) {
    const end = operations.find(({ _id }) => _id === operationId)?.state;
    if (state === 'changing') findings.add('unended', `roll-out ${rollout} is still changing ${tenant}`);
    if (operationId !== null && state === 'changed' && end !== 'succeeded')
      findings.add(
        'lost',
        `roll-out ${rollout} says that ${tenant} is changed, but its operation is ${end ?? 'missing'}`,
      );
  }
}
