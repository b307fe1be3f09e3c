import { BSON, UUID } from 'mongodb';
import type { Document } from 'mongodb';
import type { BreachEvidence, ProbeClass } from '../../../contracts/isolation-report.ts';
import { jsonDifference } from '../../../domain/json-difference.ts';
import { aboutNobody, holdsAny, revealing } from './probe-target.ts';
import type { Nobody } from './probe-target.ts';
import { isRefusal, isStop, stop } from './answer.ts';
import type { Answer } from './answer.ts';
import type { ProbeConnection } from './probe-connection.ts';
import type { Probe } from './probe.ts';

/** What a probe has shown. */
export interface Verdict {
  readonly class: ProbeClass;
  readonly detail: string;
  /** Of a refusal. */
  readonly code?: number;
  /** Of a breach. */
  readonly evidence?: BreachEvidence;
}

export interface Jury {
  /** With the tenant's credential; or without any, where the other's cell does not know it. */
  readonly connection: Pick<ProbeConnection, 'ask'>;
  /** What the other's canary says. */
  readonly canary: string;
  /** What of the other's home has changed since the verification began, as the plane sees it. */
  changes(): Promise<readonly string[]>;
  readonly nobody: Nobody;
}

/** What differs three times in a row is no coincidence. */
const rounds = 3;

const saidAtMost = 160;

/** Moves with every command. */
const clocks: ReadonlySet<string> = new Set(['$clusterTime', 'operationTime']);

function comparable(answer: Answer): Document {
  if (answer.kind === 'error') return { error: answer.code };
  const { reply } = answer;
  return BSON.EJSON.serialize(Object.fromEntries(Object.entries(reply).filter(([key]) => !clocks.has(key))));
}

const breach = (evidence: BreachEvidence, detail: string): Verdict => ({ class: 'breach', evidence, detail });

/** What mongod said of an error, cut short. */
function saying({ code, codeName, message }: Answer & { kind: 'error' }): string {
  return `${codeName} ${code}: ${message.slice(0, saidAtMost)}`;
}

function refusal(answer: Answer & { kind: 'error' }): Verdict {
  return { class: 'refused', code: answer.code, detail: `${answer.codeName} ${answer.code}` };
}

/** Of what mongod may do: whether it gives, changes or tells anything of the other. */
async function judgeWhatIsDone(jury: Jury, probe: Probe): Promise<Verdict> {
  const { canary, nobody, changes } = jury;
  const { target, database, command } = probe;
  const secrets = revealing(target, canary);
  const say = (about: { database: string; command: Document }): Promise<Answer> =>
    jury.connection.ask(about.database, about.command);
  const theirs = { database, command };
  const decoy = aboutNobody(theirs, target, nobody);
  // What the probe itself says may come back as an echo; that it is no more is seen by comparing it with the one about nobody.
  const unsaid = secrets.filter((secret) => !holdsAny(theirs, [secret]));
  let differences: readonly string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = await say(decoy);
    const answer = await say(theirs);
    const after = await say(decoy);
    if (answer.kind === 'done' && holdsAny(answer.reply, unsaid))
      return breach('disclosed', 'the answer holds what is the other’s');
    for (const one of [before, after])
      if (one.kind === 'done' && holdsAny(one.reply, secrets))
        return breach('disclosed', 'the answer about nobody holds what is the other’s');
    if (answer.kind === 'error' && isRefusal(answer)) return refusal(answer);
    const changed = await changes();
    if (changed.length > 0) return breach('changed', `${changed.join(', ')} of the other changed`);
    const [first, about, last] = [
      comparable(before),
      comparable(aboutNobodyAnswer(answer, probe, nobody)),
      comparable(after),
    ];
    const moving = new Set(jsonDifference(first, last).map(({ pointer }) => pointer));
    // What moves from one answer about nobody to the next tells nothing of the other.
    differences = jsonDifference(first, about)
      .map(({ pointer }) => pointer)
      .filter((pointer) => ![...moving].some((one) => pointer.startsWith(one) || one.startsWith(pointer)));
    if (differences.length === 0)
      return answer.kind === 'done'
        ? { class: 'harmless', detail: 'the same as about a tenant that does not exist' }
        : { class: 'notApplicable', detail: saying(answer) };
  }
  return breach('differs', `not as about a tenant that does not exist: ${differences.slice(0, 5).join(', ')}`);
}

function aboutNobodyAnswer(answer: Answer, { target }: Probe, nobody: Nobody): Answer {
  return answer.kind === 'done' ? { kind: 'done', reply: aboutNobody(answer.reply, target, nobody) } : answer;
}

/**
 * Has the tenant try a probe, and says what it shows. What mongod has to refuse is sent so that it has no effect where mongod lets it.
 * @throws TenureError cell_unavailable, where mongod gave no answer
 */
export async function judge(jury: Jury, probe: Probe): Promise<Verdict> {
  if (probe.expects === 'nothing') return judgeWhatIsDone(jury, probe);
  const { target, database, command, reads } = probe;
  const answer = await jury.connection.ask(database, reads === true ? command : { ...command, ...stop });
  if (answer.kind === 'error' && isRefusal(answer)) return refusal(answer);
  if (answer.kind === 'done') {
    return holdsAny(answer.reply, revealing(target, jury.canary).slice(1))
      ? breach('disclosed', 'mongod let it, and the answer holds the other’s canary')
      : breach('let', 'mongod let it');
  }
  if (isStop(answer)) return breach('let', 'mongod let it; only its impossible read concern stopped it');
  // Neither refused nor let: mongod does not take it in this form. Then it must do so about nobody, too.
  return judgeWhatIsDone(jury, { ...probe, command: reads === true ? command : { ...command, ...stop } });
}

/** A tenant that never was. */
export function createNobody(newId: () => string): Nobody {
  return { uid: newId(), uuid: new UUID() };
}
