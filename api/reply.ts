import type {
  RouteAnswer,
  RouteAnswerWith,
  RouteBody,
  RouteId,
  RouteParams,
  RouteQuery,
  Routes,
} from '../contracts/routes.ts';
import type { PolicyDecision } from '../contracts/policy.ts';
import type { Caller } from '../engines/requests/caller.ts';
import type { Precondition } from '../engines/requests/precondition.ts';
import type { AnswerSubject } from '../store/kept-answers.ts';
import type { EncodedList, Keep } from './answers.ts';

/** A request as a handler gets it: parsed and authenticated, with its preconditions. */
export interface RouteRequest<Id extends RouteId> {
  readonly params: RouteParams<Id>;
  readonly query: RouteQuery<Id>;
  readonly body: RouteBody<Id>;
  readonly caller: Caller;
  /** When the caller's token expires, in milliseconds since the epoch. */
  readonly expireTime: number;
  readonly precondition: Precondition | undefined;
  readonly keep: Keep;
}

type Encoded<Answer> = Answer extends { readonly items: readonly (infer Item)[] } ? EncodedList<Item> : never;

export interface RouteReply<Id extends RouteId> {
  readonly status: keyof Routes[Id]['responses'] & number;
  readonly body: RouteAnswer<Id> | RouteAnswerWith<Id> | Encoded<RouteAnswer<Id>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Not sent. It decides who may see the answer again and which operation to wait for. */
  readonly about?: AnswerSubject;
}

export type RouteHandler<Id extends RouteId> = (request: RouteRequest<Id>) => Promise<RouteReply<Id>>;
export type RouteHandlers = { readonly [Id in RouteId]: RouteHandler<Id> };

export interface Allowed {
  readonly policy: PolicyDecision;
  /** Uids to which the answer must be confined; undefined: not confined. */
  readonly confinedTo: readonly string[] | undefined;
}
