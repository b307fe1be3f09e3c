import { canonicalDigest } from '../../../contracts/canonical-json.ts';
import type { LedgerEntry } from '../../../contracts/ledger-entry.ts';
import type { OperationDocument, RevisionDocument } from '../../../store/documents.ts';
import { upgradeOnRead } from '../../../store/storage-versions.ts';
import { readEntries } from '../../harness/control-data.ts';
import type { Installation } from '../../harness/installation.ts';
import { operationIn, tenantIn } from '../answers.ts';
import type { Acknowledged, Asked, Recollection } from '../recollection.ts';
import type { Findings } from './finding.ts';

type Records = Pick<Installation, 'control' | 'databases'>;

const told = ({ what, tenant, key }: Asked): string => `${what} of ${tenant} (${key})`;

/** Every attempt with its times in seconds since the first. */
const attemptsOf = ({ attempts }: Asked): string =>
  attempts
    .map(({ api, at, over, seen }) => {
      const since = (time: number | undefined): string =>
        time === undefined ? '?' : ((time - (attempts[0]?.at ?? 0)) / 1000).toFixed(2);
      return `api ${api} from ${since(at)} to ${since(over)}: ${seen ?? 'not over'}`;
    })
    .join('; ');

/** The ledger, the operations and the revisions, by the keys and ids that a caller knows. */
interface Known {
  readonly entries: ReadonlyMap<string, readonly LedgerEntry[]>;
  readonly operations: ReadonlyMap<string, OperationDocument>;
  readonly begun: ReadonlyMap<string, readonly OperationDocument[]>;
  readonly revisions: ReadonlyMap<string, RevisionDocument>;
}

async function read({ control, databases }: Records): Promise<Known> {
  const db = control.db(databases.control);
  const [entries, operations, revisions] = await Promise.all([
    readEntries({ control, databases }),
    db.collection<OperationDocument>('operations').find().toArray(),
    db.collection<RevisionDocument>('revisions').find({ kind: 'Tenant' }).toArray(),
  ]);
  return {
    entries: Map.groupBy(entries, ({ correlationId }) => correlationId),
    operations: new Map(operations.map((operation) => [operation._id, operation])),
    begun: Map.groupBy(operations, ({ correlationId }) => correlationId),
    revisions: new Map(
      revisions.map((revision) => [`${revision._id.uid}/${revision._id.generation}`, upgradeOnRead(revision)]),
    ),
  };
}

/** Checks that what an answer says is in the registry and in the ledger. */
function checkAnswer(
  { operations, revisions, entries }: Known,
  findings: Findings,
  asked: Asked,
  answer: Acknowledged,
): void {
  const operation = operationIn(answer);
  if (operation !== undefined) {
    const stands = operations.get(operation.id);
    if (stands === undefined)
      findings.add(
        'lost',
        `${told(asked)} was answered ${answer.status} with operation ${operation.id}, which does not exist`,
      );
    else if (stands.kind !== operation.kind || stands.tenant.uid !== operation.tenant.uid)
      findings.add('lost', `${told(asked)}: operation ${operation.id} differs from the answer`);
  }
  const tenant = tenantIn(answer);
  if (tenant === undefined) return;
  const { uid, generation } = tenant.metadata;
  const revision = revisions.get(`${uid}/${generation}`);
  if (revision === undefined)
    findings.add('lost', `${told(asked)} was answered with generation ${generation} of ${uid}, which does not exist`);
  else if (
    canonicalDigest([revision.labels, revision.spec]) !== canonicalDigest([tenant.metadata.labels ?? {}, tenant.spec])
  )
    findings.add('lost', `${told(asked)}: generation ${generation} of ${uid} differs from the answer`);
  const changed = operation === undefined ? asked.begins === undefined : operation.correlationId === asked.key;
  if (changed && !entries.has(asked.key) && !isSettled(asked))
    findings.add('lost', `${told(asked)} was answered ${answer.status}, but the ledger has no entry for it`);
}

/** Whether the request may have changed nothing: a hold that is already released is not released again. */
function isSettled({ what }: Asked): boolean {
  return what === 'release hold';
}

/** Checks that one key did its work once, and always got the same answer. */
function checkOnce({ entries, begun }: Known, findings: Findings, asked: Asked): void {
  const own = entries.get(asked.key) ?? [];
  const operations = begun.get(asked.key) ?? [];
  const isRollout = asked.what === 'roll-out';
  if (!isRollout && operations.length > 1)
    findings.add('twice', `${told(asked)} has started operations ${operations.map(({ _id }) => _id).join(' and ')}`);
  const changes = own.filter(
    ({ action, outcome, event, operationId }) =>
      operationId === undefined && outcome === 'succeeded' && event !== undefined && action !== 'template.roll_out',
  );
  if (asked.isKeyed && !isRollout && changes.length > 1)
    findings.add('twice', `${told(asked)} has left the entries ${changes.map(({ action }) => action).join(' and ')}`);
  const started = own.filter(({ event }) => event?.type === 'template.rollout_started.v1');
  if (started.length > 1) findings.add('twice', `${told(asked)} was started ${started.length} times`);
  const [first, ...others] = asked.answers.map((answer) =>
    [answer.status, operationIn(answer)?.id, (answer.body as { id?: string }).id].join(),
  );
  if (asked.isKeyed && others.some((other) => other !== first))
    findings.add('twice', `${told(asked)} was answered ${[first, ...others].join(' and ')}`);
  if (asked.answers.length === 0 && asked.refusal !== undefined) {
    const done = own.filter(({ outcome }) => outcome !== 'denied');
    if (done.length > 0)
      findings.add(
        'refused',
        `${told(asked)} was refused with ${asked.refusal}, but has left the entries ${done.map(({ action, outcome, time }) => `${action} ${outcome} at ${time}`).join(', ')}; first sent at ${new Date(asked.sentAt).toISOString()} (${attemptsOf(asked)})`,
      );
  }
}

/** Checks that no operation has succeeded after its cancellation was accepted. */
function checkCancelled({ operations }: Known, findings: Findings, asked: Asked): void {
  if (asked.what !== 'cancel') return;
  for (const { body } of asked.answers) {
    const { id } = body as { id: string };
    if (operations.get(id)?.state === 'succeeded')
      findings.add('lost', `${told(asked)} was accepted, but operation ${id} has succeeded`);
  }
}

/** Compares the answers that callers got with the records. Call it when nothing runs any more. */
export async function checkRequests(
  installation: Records,
  { asked: all, ends }: Pick<Recollection, 'asked' | 'ends'>,
  findings: Findings,
): Promise<void> {
  const known = await read(installation);
  for (const asked of all) {
    for (const answer of asked.answers) checkAnswer(known, findings, asked, answer);
    checkOnce(known, findings, asked);
    checkCancelled(known, findings, asked);
    if (asked.answeredAt === undefined) findings.add('unanswered', `${told(asked)} was never answered`);
  }
  for (const { operation, state } of ends) {
    const stands = known.operations.get(operation)?.state;
    if (stands !== state)
      findings.add('lost', `operation ${operation} was reported as ${state}, but is ${stands ?? 'missing'}`);
  }
  for (const { _id, kind, waitsFor } of known.operations.values()) {
    if (waitsFor !== null && known.operations.get(waitsFor)?.state === 'succeeded')
      findings.add('lost', `operation ${_id} (${kind}) has preempted ${waitsFor}, but ${waitsFor} has succeeded`);
  }
}

/**
 * Sends up to `count` acknowledged requests again under their keys: each must get its stored answer. Returns how many
 * were sent.
 */
export async function checkReplays(all: readonly Asked[], count: number, findings: Findings): Promise<number> {
  const kept = all.filter(({ isKeyed, answers }) => isKeyed && answers.length > 0);
  const every = Math.max(1, Math.ceil(kept.length / count));
  const chosen = kept.filter((_, index) => index % every === 0);
  for (const asked of chosen) {
    const [first] = asked.answers;
    if (first === undefined) continue;
    await findings.check('twice', `${told(asked)}, repeated at the end`, async () => {
      const again = await asked.repeat();
      const [before, after] = [first, again].map((answer) => canonicalDigest([answer.status, answer.body]));
      if (before !== after)
        throw new Error(`two different answers: ${JSON.stringify(first)}, then ${JSON.stringify(again)}`);
    });
  }
  return chosen.length;
}
