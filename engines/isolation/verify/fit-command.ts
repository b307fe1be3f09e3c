import type { Document } from 'mongodb';
import { Long, ObjectId, Timestamp } from 'mongodb';
import type { ProbeTarget } from './probe.ts';
import { isRefusal, isStop } from './answer.ts';
import type { Answer } from './answer.ts';

/** Sets a value deep in a document and creates missing parents; `undefined` removes the field. */
export function assignPath(document: Document, [key = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    if (value === undefined) delete document[key];
    else document[key] = value;
    return;
  }
  if (typeof document[key] !== 'object' || document[key] === null) document[key] = {};
  assignPath(document[key] as Document, rest, value);
}

/** A change to a command, without the names of a target; without a type, the field is removed. */
interface Correction {
  readonly path: readonly string[];
  readonly type?: string;
}

/** The form of a command: the same for every target on a mongod of one version. */
export interface CommandForm {
  /** Which of the {@link initialValues}; undefined for a command that has a seed. */
  readonly opening?: number;
  readonly corrections: readonly Correction[];
  readonly reach: number;
}

/** A command in the best form found, and mongod's answer to it. */
export interface FittedCommand {
  readonly command: Document;
  readonly answer: Answer;
  readonly form: CommandForm;
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

/** The correction for mongod's error, if it says what is wrong. */
function correctionFor(command: Document, message: string): Correction | undefined {
  const [pattern, found] =
    [missing, wrongType, unknownField]
      .map((candidate) => [candidate, candidate.exec(message)] as const)
      .find(([, match]) => match !== null) ?? [];
  const path = fieldOf(command, found?.groups?.['path'] ?? '');
  if (path === undefined) return undefined;
  return pattern === unknownField ? { path } : { path, type: found?.groups?.['type'] ?? 'string' };
}

function apply(command: Document, { path, type }: Correction, target: ProbeTarget): void {
  const fitting = (): unknown => (path.at(-1) === 'maxTimeMS' ? timeLimitMs : valueOf(type ?? '', target));
  assignPath(command, path, type === undefined ? undefined : fitting());
}

/** Possible values of the command field itself. */
function initialValues({ database, collection, uuid }: ProbeTarget): unknown[] {
  return [collection, `${database}.${collection}`, 1, {}, [], Long.fromNumber(1), uuid];
}

/** How far mongod got with a command: the further, the more its answer proves. */
function reach(answer: Answer): number {
  if (isRefusal(answer)) return 3;
  return answer.kind === 'done' || isStop(answer) ? 2 : 1;
}

function initialCommand(
  name: string,
  seed: Document | undefined,
  target: ProbeTarget,
  opening: number | undefined,
): Document {
  return { ...seed, [name]: opening === undefined ? seed?.[name] : initialValues(target)[opening] };
}

/** A command in a form that was found before, for this target. */
export function formedCommand(
  name: string,
  seed: Document | undefined,
  target: ProbeTarget,
  { opening, corrections }: CommandForm,
): Document {
  const command = initialCommand(name, seed, target, opening);
  for (const correction of corrections) apply(command, correction, target);
  return command;
}

/**
 * Finds a form of a command that mongod accepts, by correcting what mongod says is wrong, so that one rule fits every
 * command of every version. `send` sends it as a user without any rights. The best form is one that mongod refuses
 * because of missing rights: it has then been parsed completely.
 * @param known the form that was found for another target; it is used if mongod gets as far with it for this one
 */
export async function fitCommand(
  name: string,
  seed: Document | undefined,
  target: ProbeTarget,
  send: (command: Document) => Promise<Answer>,
  known?: CommandForm,
): Promise<FittedCommand> {
  if (known !== undefined) {
    const command = formedCommand(name, seed, target, known);
    const answer = await send(command);
    if (reach(answer) >= known.reach) return { command, answer, form: known };
  }
  let best: FittedCommand | undefined;
  for (const opening of seed === undefined ? initialValues(target).keys() : [undefined]) {
    const command = initialCommand(name, seed, target, opening);
    const corrections: Correction[] = [];
    let answer = await send(command);
    for (let round = 0; round < maxCorrections && reach(answer) === 1; round += 1) {
      const correction = answer.kind === 'done' ? undefined : correctionFor(command, answer.message);
      if (correction === undefined) break;
      apply(command, correction, target);
      corrections.push(correction);
      answer = await send(command);
    }
    const form = { ...(opening === undefined ? {} : { opening }), corrections, reach: reach(answer) };
    if (best === undefined || form.reach > best.form.reach) best = { command, answer, form };
    if (form.reach === 3) break;
  }
  if (best === undefined) throw new TypeError('there is no initial form');
  return best;
}
