import type * as Fc from 'fast-check';
import * as fc from 'fast-check';
import { declarableLifecycles } from '../../contracts/lifecycle.ts';
import { allowedIn } from './allowed.ts';
import { worldsOf } from './checking.ts';
import type { Model } from './checking.ts';
import { perform } from './perform.ts';
import type { Performing } from './performing.ts';
import { verbPaths } from './request.ts';
import type { ModelRequest, TenantKey } from './request.ts';
import { apiDeaths, describeStep, pausePoints, requestsOf, workerDeaths } from './step.ts';
import type { Step } from './step.ts';
import { wayThroughLife } from './whole-life.ts';

/** A generated step, and whether it must be accepted where it is performed. */
export interface GeneratedStep {
  readonly step: Step;
  /** Whether its first request must be accepted there: a request that is refused leads nowhere. */
  readonly fits: boolean;
}

const tenants = fc.oneof(
  { weight: 4, arbitrary: fc.constant<TenantKey>('a') },
  { weight: 1, arbitrary: fc.constantFrom<TenantKey[]>('b', 'c') },
);
const on = fc.oneof(
  { weight: 5, arbitrary: fc.constant('any' as const) },
  { weight: 2, arbitrary: fc.constant('current' as const) },
  { weight: 1, arbitrary: fc.constant('stale' as const) },
);
const plans = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom('basic', 'plus') },
  { weight: 1, arbitrary: fc.constant('missing') },
);
const seldom = fc.oneof({ weight: 7, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const often = fc.boolean();

const manifest = fc.record(
  {
    plan: plans,
    lifecycle: fc.constantFrom(...declarableLifecycles),
    title: fc.constantFrom('one', 'two'),
    flawed: seldom,
  },
  { requiredKeys: ['plan', 'flawed'] },
);

const verbs = fc.constantFrom(...verbPaths);

/** All requests on one tenant. */
function requestsOn(tenant: TenantKey): Fc.Arbitrary<ModelRequest> {
  const about = { tenant: fc.constant(tenant) };
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.record({ ...about, do: fc.constant('create' as const) }), manifest)
        .map(([base, fields]): ModelRequest => ({ ...base, ...fields })),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(
          fc.record({
            ...about,
            do: fc.constant('put' as const),
            on: fc.oneof({ weight: 6, arbitrary: on }, { weight: 1, arbitrary: fc.constant('absent' as const) }),
            force: often,
          }),
          manifest,
        )
        .map(([base, fields]): ModelRequest => ({ ...base, ...fields })),
    },
    {
      weight: 18,
      arbitrary: fc.record({ ...about, do: fc.constant('verb' as const), path: verbs, on, preempt: often }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ ...about, do: fc.constant('purge' as const), early: often, on, preempt: often }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ ...about, do: fc.constant('change-plan' as const), plan: plans, on, preempt: often }),
    },
    { weight: 2, arbitrary: fc.record({ ...about, do: fc.constant('schedule' as const), plan: plans }) },
    { weight: 1, arbitrary: fc.record({ ...about, do: fc.constant('unschedule' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ ...about, do: fc.constant('hold' as const), reason: fc.constantFrom('case 1', 'case 2') }),
    },
    { weight: 2, arbitrary: fc.record({ ...about, do: fc.constant('release' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        ...about,
        do: fc.constant('cancel' as const),
        which: fc.constantFrom('running', 'pending'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ ...about, do: fc.constant('read' as const) }) },
  );
}

const withKey = (request: ModelRequest): boolean => request.do !== 'cancel' && request.do !== 'read';
const takesPath = (request: ModelRequest): boolean =>
  ['verb', 'purge', 'change-plan', 'create', 'put'].includes(request.do);

/** Requests while an operation runs: most of them cancel or preempt it, or put the tenant on hold. */
function othersOn(tenant: TenantKey): Fc.Arbitrary<ModelRequest> {
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        tenant: fc.constant(tenant),
        do: fc.constant('cancel' as const),
        which: fc.constantFrom('running', 'pending'),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        tenant: fc.constant(tenant),
        do: fc.constant('verb' as const),
        path: verbs,
        on: fc.constant('any' as const),
        preempt: fc.constant(true),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        tenant: fc.constant(tenant),
        do: fc.constant('purge' as const),
        early: fc.constant(true),
        on: fc.constant('any' as const),
        preempt: fc.constant(true),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        tenant: fc.constant(tenant),
        do: fc.constant('change-plan' as const),
        plan: plans,
        on: fc.constant('any' as const),
        preempt: fc.constant(true),
      }),
    },
    { weight: 6, arbitrary: requestsOn(tenant) },
  );
}

export interface Weights {
  /** Weight of the steps that kill a process; they take long. */
  readonly kills: number;
  /** Weight of the steps that kill a database; not 0 only if the model has its own stack. */
  readonly mongodKills: number;
}

export function generatedSteps({ kills, mongodKills }: Weights): Fc.Arbitrary<GeneratedStep> {
  const requests = tenants.chain(requestsOn);
  const paths = requests.filter(takesPath);
  const step = <T extends Step>(
    arbitrary: Fc.Arbitrary<T>,
    fits: Fc.Arbitrary<boolean> = fc.constant(true),
  ): Fc.Arbitrary<GeneratedStep> => fc.record({ step: arbitrary, fits });
  return fc.oneof(
    { weight: 30, arbitrary: step(fc.record({ step: fc.constant('send' as const), request: requests })) },
    {
      weight: 4,
      arbitrary: step(fc.record({ step: fc.constant('send' as const), request: requests }), fc.constant(false)),
    },
    {
      weight: 8,
      arbitrary: step(
        tenants.chain((tenant) =>
          fc.record({
            step: fc.constant('race' as const),
            requests: fc.array(requestsOn(tenant), { minLength: 2, maxLength: 3 }),
          }),
        ),
      ),
    },
    {
      weight: 12,
      arbitrary: step(
        tenants.chain((tenant) =>
          fc.record({
            step: fc.constant('while' as const),
            request: requestsOn(tenant).filter(takesPath),
            at: fc.constantFrom(...pausePoints),
            others: fc.array(othersOn(tenant), { minLength: 1, maxLength: 4 }),
          }),
        ),
      ),
    },
    {
      weight: 3,
      arbitrary: step(
        fc.record({
          step: fc.constant('repeat' as const),
          request: requests.filter(withKey),
          how: fc.constantFrom('later', 'at-once', 'as-another'),
        }),
        often,
      ),
    },
    { weight: 5, arbitrary: step(fc.record({ step: fc.constant('refusals' as const), tenant: tenants })) },
    { weight: 4, arbitrary: step(fc.record({ step: fc.constant('write' as const), tenant: tenants })) },
    {
      weight: 2,
      arbitrary: step(
        fc.record({ step: fc.constantFrom('purge-time' as const, 'plan-time' as const), tenant: tenants }),
      ),
    },
    {
      weight: kills,
      arbitrary: step(
        fc.record({ step: fc.constant('kill-worker' as const), request: paths, at: fc.constantFrom(...workerDeaths) }),
      ),
    },
    {
      weight: kills,
      arbitrary: step(
        fc.record({
          step: fc.constant('kill-api' as const),
          requests: tenants.chain((tenant) => fc.array(requestsOn(tenant), { minLength: 2, maxLength: 3 })),
          at: fc.constantFrom(...apiDeaths),
        }),
      ),
    },
    {
      weight: mongodKills,
      arbitrary: step(
        fc.record({
          step: fc.constant('kill-mongod' as const),
          set: fc.constantFrom('control', 'eu-west-1', 'us-east-1'),
          requests: tenants.chain((tenant) => fc.array(requestsOn(tenant), { minLength: 1, maxLength: 2 })),
        }),
      ),
    },
  );
}

/**
 * The first steps of a run. They bring a tenant to some point of its life: with random steps alone, few tenants would
 * get far.
 */
export const starts: Fc.Arbitrary<readonly Step[]> = fc
  .record({ tenant: tenants, verbs: fc.constantFrom(...[0, 1, 2, 3, 4, 5]), held: fc.boolean() })
  .map(({ tenant, verbs, held }) => {
    const hold: readonly ModelRequest[] = held && verbs > 0 ? [{ do: 'hold', tenant, reason: 'case 0' }] : [];
    return [...wayThroughLife(tenant).slice(0, verbs), ...hold].map((request) => ({ step: 'send', request }));
  });

/** Whether a step is possible in the model's worlds: only a time that is set can come. */
export function isPossible(model: Model, step: Step): boolean {
  if (step.step !== 'purge-time' && step.step !== 'plan-time') return requestsOf(step).length > 0;
  const tenant = worldsOf(model, step.tenant)[0]?.tenant ?? null;
  if (step.step === 'purge-time') return tenant?.state === 'Deleted' && tenant.hold === null;
  return tenant?.scheduled != null && (tenant.state === 'Active' || tenant.state === 'Suspended');
}

/** Whether a step is worth performing in the model's worlds. */
function isWorthwhile(model: Model, { step, fits }: GeneratedStep): boolean {
  const [request] = requestsOf(step);
  if (request === undefined || !isPossible(model, step)) return false;
  const [world] = worldsOf(model, request.tenant);
  // A tenant that does not exist refuses all of these in the same way.
  if (!fits || request.do === 'cancel' || request.do === 'read') return world?.tenant != null;
  // A stale request must be wrong only because it is stale.
  const otherwise = 'on' in request && request.on === 'stale' ? { ...request, on: 'any' as const } : request;
  return world !== undefined && allowedIn(world, otherwise).some((one) => !('refused' in one) && one.changes);
}

/** A step as a command of fast-check's model runner; see {@link https://fast-check.dev/docs/advanced/model-based-testing/}. */
export class StepCommand implements Fc.AsyncCommand<Model, Omit<Performing, 'model'>> {
  readonly generated: GeneratedStep;
  readonly #tell: (step: Step) => void;

  constructor(generated: GeneratedStep, tell: (step: Step) => void) {
    this.generated = generated;
    this.#tell = tell;
  }

  check(model: Model): boolean {
    return isWorthwhile(model, this.generated);
  }

  async run(model: Model, real: Omit<Performing, 'model'>): Promise<void> {
    this.#tell(this.generated.step);
    await perform({ model, ...real }, this.generated.step);
  }

  toString(): string {
    return describeStep(this.generated.step);
  }
}
