import { BSON, UUID } from 'mongodb';
import type { Document } from 'mongodb';
import type { BreachEvidence, ProbeClass } from '../../../contracts/isolation-report.ts';
import { jsonDifference } from '../../../domain/json-difference.ts';
import { aboutNobody, containsAny, secretsOf } from './probe.ts';
import type { Nobody, Probe } from './probe.ts';
import { isRefusal, isStop, stop } from './answer.ts';
import type { Answer } from './answer.ts';
import type { ProbeConnection } from './probe-connection.ts';

/** The result of a probe. */
export interface Verdict {
  readonly class: ProbeClass;
  readonly detail: string;
  /** Only for a refusal. */
  readonly code?: number;
  /** Only for a breach. */
  readonly evidence?: BreachEvidence;
}

export interface JudgeContext {
  /** Uses the tenant's credential, or none if the other tenant's cell does not know it. */
  readonly connection: Pick<ProbeConnection, 'ask'>;
  /** The value of the other tenant's canary. */
  readonly canary: string;
  /** What the plane sees as changed in the other tenant's home since the verification started. */
  changes(): Promise<readonly string[]>;
  readonly nobody: Nobody;
}

/** A difference three times in a row is not a coincidence. */
const rounds = 3;

const maxMessageLength = 160;

/** Fields that change with every command. */
const clocks: ReadonlySet<string> = new Set(['$clusterTime', 'operationTime']);

function comparable(answer: Answer): Document {
  if (answer.kind === 'error') return { error: answer.code };
  const { reply } = answer;
  return BSON.EJSON.serialize(Object.fromEntries(Object.entries(reply).filter(([key]) => !clocks.has(key))));
}

const breach = (evidence: BreachEvidence, detail: string): Verdict => ({ class: 'breach', evidence, detail });

const disclosedAboutNobody = breach(
  'disclosed',
  'the answer about a tenant that does not exist contains data of the other tenant',
);

function discloses(answer: Answer, secrets: readonly Buffer[]): boolean {
  return answer.kind === 'done' && containsAny(answer.reply, secrets);
}

/** mongod's error, shortened. */
function describeError({ code, codeName, message }: Answer & { kind: 'error' }): string {
  return `${codeName} ${code}: ${message.slice(0, maxMessageLength)}`;
}

function refusal(answer: Answer & { kind: 'error' }): Verdict {
  return { class: 'refused', code: answer.code, detail: `${answer.codeName} ${answer.code}` };
}

/** Judges a command that mongod may run: whether it discloses or changes anything of the other tenant. */
async function judgeEffect(jury: JudgeContext, probe: Probe): Promise<Verdict> {
  const { canary, nobody, changes } = jury;
  const { target, database, command } = probe;
  const secrets = secretsOf(target, canary);
  const send = (about: { database: string; command: Document }): Promise<Answer> =>
    jury.connection.ask(about.database, about.command);
  const request = { database, command };
  const decoy = aboutNobody(request, target, nobody);
  // The answer may echo what the probe itself contains; the comparison with the decoy shows whether it is more than an
  // echo.
  const unsentSecrets = secrets.filter((secret) => !containsAny(request, [secret]));
  let differences: readonly string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = await send(decoy);
    const answer = await send(request);
    if (discloses(answer, unsentSecrets)) return breach('disclosed', 'the answer contains data of the other tenant');
    if (discloses(before, secrets)) return disclosedAboutNobody;
    if (answer.kind === 'error' && isRefusal(answer)) return refusal(answer);
    // What mongod reports as failed has changed nothing; should that ever be wrong, the next look shows it.
    const changed = answer.kind === 'done' ? await changes() : [];
    if (changed.length > 0) return breach('changed', `${changed.join(', ')} of the other tenant changed`);
    const [first, about] = [comparable(before), comparable(aboutNobodyAnswer(answer, probe, nobody))];
    differences = jsonDifference(first, about).map(({ pointer }) => pointer);
    if (differences.length > 0) {
      const after = await send(decoy);
      if (discloses(after, secrets)) return disclosedAboutNobody;
      const varying = new Set(jsonDifference(first, comparable(after)).map(({ pointer }) => pointer));
      // What changes between two answers about nobody discloses nothing about the other tenant.
      differences = differences.filter(
        (pointer) => ![...varying].some((other) => pointer.startsWith(other) || other.startsWith(pointer)),
      );
    }
    if (differences.length === 0)
      return answer.kind === 'done'
        ? { class: 'harmless', detail: 'the same answer as about a tenant that does not exist' }
        : { class: 'notApplicable', detail: describeError(answer) };
  }
  return breach(
    'differs',
    `differs from the answer about a tenant that does not exist: ${differences.slice(0, 5).join(', ')}`,
  );
}

function aboutNobodyAnswer(answer: Answer, { target }: Probe, nobody: Nobody): Answer {
  return answer.kind === 'done' ? { kind: 'done', reply: aboutNobody(answer.reply, target, nobody) } : answer;
}

/**
 * Sends a probe as the tenant and judges the answer. What mongod must refuse is sent in a form that has no effect if
 * mongod allows it.
 * @throws TenureError cell_unavailable if mongod gave no answer
 */
export async function judge(jury: JudgeContext, probe: Probe): Promise<Verdict> {
  if (probe.expects === 'nothing') return judgeEffect(jury, probe);
  const { target, database, command, reads } = probe;
  const answer = await jury.connection.ask(database, reads === true ? command : { ...command, ...stop });
  if (answer.kind === 'error' && isRefusal(answer)) return refusal(answer);
  if (probe.examined !== undefined) return judge(jury, await probe.examined());
  if (answer.kind === 'done') {
    return containsAny(answer.reply, secretsOf(target, jury.canary).slice(1))
      ? breach('disclosed', 'mongod allowed it, and the answer contains the other tenant’s canary')
      : breach('let', 'mongod allowed it');
  }
  if (isStop(answer)) return breach('let', 'mongod allowed it; only its impossible read concern stopped it');
  // Neither refused nor allowed: mongod does not accept this form. It must then answer the same about nobody.
  return judgeEffect(jury, { ...probe, command: reads === true ? command : { ...command, ...stop } });
}

/** A tenant that never existed. */
export function createNobody(newId: () => string): Nobody {
  return { uid: newId(), uuid: new UUID() };
}
