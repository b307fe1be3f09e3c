import { Long, ObjectId, Timestamp } from 'mongodb';
import type { Document } from 'mongodb';
import type { ProbeTarget } from './probe-target.ts';
import { isRefusal, isStop } from './answer.ts';
import type { Answer } from './answer.ts';
import { assignPath } from './assign-path.ts';

/** A command in the best form that was found, and what mongod said to it. */
export interface FittedCommand {
  readonly command: Document;
  readonly answer: Answer;
}

/** A form that mongod does not take after so many corrections is given up. */
const maxCorrections = 16;

/** Ample: a command that runs out of the time it was given has said nothing of rights. The lease bounds it besides. */
const timeLimitMs = 10_000;

/** What a field of this type gets, named as mongod names types. Whatever holds a name holds the other's. */
function valueOf(type: string, { database, collection, uuid }: ProbeTarget): unknown {
  switch (type) {
    case 'object':
      return {};
    case 'array':
      return [];
    case 'bool':
      return true;
    case 'binData':
      return uuid;
    case 'objectId':
      return new ObjectId();
    case 'timestamp':
      return new Timestamp({ t: 1, i: 1 });
    case 'date':
      return new Date(0);
    case 'int':
    case 'double':
    case 'decimal':
      return 1;
    case 'long':
      return Long.fromNumber(1);
    default:
      return `${database}.${collection}`;
  }
}

/** mongod names fields from the command on, as in "find.filter"; what lies deeper, from its own type on. */
function fieldOf(command: Document, path: string): string[] | undefined {
  const [name] = Object.keys(command);
  const [first, ...rest] = path.split('.');
  return first === name && rest.length > 0 ? rest : undefined;
}

const missing = /BSON field '(?<path>[^']+)' is missing but a required field/;
const wrongType = /BSON field '(?<path>[^']+)' is the wrong type '\w+', expected types? '\[?(?<type>\w+)/;
const unknownField = /BSON field '(?<path>[^']+)' is an unknown field/;

/** Corrects a command by what mongod said is wrong with it. Returns whether there was something to correct. */
function correct(command: Document, message: string, target: ProbeTarget): boolean {
  const [pattern, found] =
    [missing, wrongType, unknownField]
      .map((one) => [one, one.exec(message)] as const)
      .find(([, match]) => match !== null) ?? [];
  const path = fieldOf(command, found?.groups?.['path'] ?? '');
  if (path === undefined) return false;
  const fitting = (): unknown =>
    path.at(-1) === 'maxTimeMS' ? timeLimitMs : valueOf(found?.groups?.['type'] ?? 'string', target);
  assignPath(command, path, pattern === unknownField ? undefined : fitting());
  return true;
}

/** What may stand as the value of a command itself. */
function openings({ database, collection, uuid }: ProbeTarget): unknown[] {
  return [collection, `${database}.${collection}`, 1, {}, [], Long.fromNumber(1), uuid];
}

/** How far mongod has gone with a command: the further, the more is proved by what it says. */
function reach(answer: Answer): number {
  if (isRefusal(answer)) return 3;
  return answer.kind === 'done' || isStop(answer) ? 2 : 1;
}

/**
 * Finds a form in which mongod takes a command, by correcting what it says is wrong: so one rule fits every command of every version.
 * `say` sends it as somebody without any rights. Best is a form that mongod refuses for want of rights: it has then been read to its end.
 */
export async function fitCommand(
  name: string,
  seed: Document | undefined,
  target: ProbeTarget,
  say: (command: Document) => Promise<Answer>,
): Promise<FittedCommand> {
  let best: FittedCommand | undefined;
  for (const opening of seed === undefined ? openings(target) : [seed[name]]) {
    const command: Document = { ...seed, [name]: opening };
    let answer = await say(command);
    for (let round = 0; round < maxCorrections && reach(answer) === 1; round += 1) {
      if (answer.kind === 'done' || !correct(command, answer.message, target)) break;
      answer = await say(command);
    }
    if (best === undefined || reach(answer) > reach(best.answer)) best = { command, answer };
    if (reach(answer) === 3) break;
  }
  if (best === undefined) throw new TypeError('there is no opening');
  return best;
}
