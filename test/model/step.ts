import type { OperationKind } from '../../contracts/lifecycle.ts';
import { stepsOf } from '../../domain/step-plan.ts';
import type { ReplicaSetName } from '../../tools/stack/mongod.ts';
import { describeRequest } from './request.ts';
import type { ModelRequest, TenantKey } from './request.ts';
import type { Standing } from './world.ts';

/** Where an operation is paused while other requests are sent. */
export const pausePoints = [
  'begin.before-commit',
  'begin.after-commit',
  'first-step.after-checkpoint',
  'last-step-but-one.after-checkpoint',
  'finish.before-commit',
] as const;
export type PausePoint = (typeof pausePoints)[number];

/** Where the worker is killed. */
export const workerDeaths = [
  'begin.before-commit',
  'begin.after-commit',
  'first-step.after-intent',
  'first-step.before-checkpoint',
  'first-step.after-checkpoint',
  'last-step.before-intent',
  'last-step.before-checkpoint',
  'last-step.after-checkpoint',
  'finish.before-commit',
  'finish.after-commit',
] as const;

/** Where the API is killed; `first-answer`: when the first of several requests is answered. */
export const apiDeaths = ['accept.before-commit', 'accept.after-commit', 'first-answer'] as const;

/** One step of a run, as data. After each step, the run waits until everything is idle and checks it. */
export type Step =
  | { readonly step: 'send'; readonly request: ModelRequest }
  /** All requests at the same time. */
  | { readonly step: 'race'; readonly requests: readonly ModelRequest[] }
  /** The others one after the other, while the operation of the first request is paused at a point. */
  | {
      readonly step: 'while';
      readonly request: ModelRequest;
      readonly at: PausePoint;
      readonly others: readonly ModelRequest[];
    }
  /**
   * Twice with one idempotency key: after the first answer, at the same time, or with another request the second time.
   */
  | { readonly step: 'repeat'; readonly request: ModelRequest; readonly how: 'later' | 'at-once' | 'as-another' }
  | { readonly step: 'kill-worker'; readonly request: ModelRequest; readonly at: (typeof workerDeaths)[number] }
  | { readonly step: 'kill-api'; readonly requests: readonly ModelRequest[]; readonly at: (typeof apiDeaths)[number] }
  /** Killed when the first of the requests is answered. */
  | { readonly step: 'kill-mongod'; readonly set: ReplicaSetName; readonly requests: readonly ModelRequest[] }
  /** Every request that is refused in the tenant's state, one after the other. */
  | { readonly step: 'refusals'; readonly tenant: TenantKey }
  /** A document is written with the tenant's own credential. */
  | { readonly step: 'write'; readonly tenant: TenantKey }
  /** The time of the purge comes. */
  | { readonly step: 'purge-time'; readonly tenant: TenantKey }
  /** The time of the scheduled plan comes. */
  | { readonly step: 'plan-time'; readonly tenant: TenantKey };

export type StepOf<Name extends Step['step']> = Extract<Step, { readonly step: Name }>;

export function tenantsOf(step: Step): TenantKey[] {
  return [...new Set(requestsOf(step).map(({ tenant }) => tenant))];
}

/** The requests of a step; for a step without any, a read of its tenant. */
export function requestsOf(step: Step): readonly ModelRequest[] {
  switch (step.step) {
    case 'send':
    case 'repeat':
    case 'kill-worker':
      return [step.request];
    case 'race':
    case 'kill-api':
    case 'kill-mongod':
      return step.requests;
    case 'while':
      return [step.request, ...step.others];
    case 'refusals':
    case 'write':
    case 'purge-time':
    case 'plan-time':
      return [{ do: 'read', tenant: step.tenant }];
  }
}

/** A step as one line of text for people. */
export function describeStep(step: Step): string {
  switch (step.step) {
    case 'send':
      return describeRequest(step.request);
    case 'race':
      return `race: ${step.requests.map(describeRequest).join(' | ')}`;
    case 'while':
      return `while ${describeRequest(step.request)} stands at ${step.at}: ${step.others.map(describeRequest).join(', then ')}`;
    case 'repeat':
      return `under one key, ${step.how}: ${describeRequest(step.request)}`;
    case 'kill-worker':
      return `SIGKILL worker at ${step.at}: ${describeRequest(step.request)}`;
    case 'kill-api':
      return `SIGKILL API at ${step.at}: ${step.requests.map(describeRequest).join(' | ')}`;
    case 'kill-mongod':
      return `SIGKILL mongod ${step.set}: ${step.requests.map(describeRequest).join(' | ')}`;
    case 'refusals':
    case 'write':
    case 'purge-time':
    case 'plan-time':
      return `${step.step} ${step.tenant}`;
  }
}

/** The path that a request takes if it is accepted. */
function pathOf(request: ModelRequest): OperationKind {
  switch (request.do) {
    case 'verb':
      return request.path;
    case 'purge':
      return 'purge';
    case 'change-plan':
      return 'change_plan';
    default:
      return 'activate';
  }
}

/** The failpoint of this name on the path of a request; one that is never reached if the path has no such step. */
export function failpointOf(at: string, request: ModelRequest): string {
  const steps = stepsOf(pathOf(request));
  return at
    .replace('first-step', steps[0]?.key ?? '')
    .replace('last-step-but-one', steps.at(-2)?.key ?? 'none')
    .replace('last-step', steps.at(-1)?.key ?? '');
}

/** How far an operation is that is paused at a point. The first step of a purge is its pivot. */
export function standingAt(at: PausePoint, request: ModelRequest): Standing {
  if (at === 'finish.before-commit') return 'late';
  if (at === 'begin.before-commit' || at === 'begin.after-commit') return 'early';
  const path = pathOf(request);
  return path === 'purge' || stepsOf(path).length === 1 ? 'late' : 'early';
}
