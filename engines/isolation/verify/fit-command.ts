import { Long, ObjectId, Timestamp } from 'mongodb';
import type { Document } from 'mongodb';
import type { ProbeTarget } from './probe-target.ts';
import { isRefusal, isStop } from './answer.ts';
import type { Answer } from './answer.ts';
import { assignPath } from './assign-path.ts';

/** A command in the best form found, and mongod's answer to it. */
export interface FittedCommand {
  readonly command: Document;
  readonly answer: Answer;
}

/** After this many corrections, give up on a form that mongod does not accept. */
const maxCorrections = 16;

/** Generous: a command that times out says nothing about rights. The lease limits it as well. */
const timeLimitMs = 10_000;

/** The value for a field of this type, as mongod names types. Every name is the other tenant's. */
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

/** mongod names fields starting with the command, as in "find.filter"; deeper ones start with their own type. */
function fieldOf(command: Document, path: string): string[] | undefined {
  const [name] = Object.keys(command);
  const [first, ...rest] = path.split('.');
  return first === name && rest.length > 0 ? rest : undefined;
}

const missing = /BSON field '(?<path>[^']+)' is missing but a required field/;
const wrongType = /BSON field '(?<path>[^']+)' is the wrong type '\w+', expected types? '\[?(?<type>\w+)/;
const unknownField = /BSON field '(?<path>[^']+)' is an unknown field/;

/** Corrects a command according to mongod's error. Returns whether there was something to correct. */
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

/** Possible values of the command field itself. */
function openings({ database, collection, uuid }: ProbeTarget): unknown[] {
  return [collection, `${database}.${collection}`, 1, {}, [], Long.fromNumber(1), uuid];
}

/** How far mongod got with a command: the further, the more its answer proves. */
function reach(answer: Answer): number {
  if (isRefusal(answer)) return 3;
  return answer.kind === 'done' || isStop(answer) ? 2 : 1;
}

/**
 * Finds a form of a command that mongod accepts, by correcting what mongod says is wrong, so that one rule fits every
 * command of every version. `say` sends it as a user without any rights. The best form is one that mongod refuses
 * because of missing rights: it has then been parsed completely.
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
  if (best === undefined) throw new TypeError('there is no initial form');
  return best;
}
