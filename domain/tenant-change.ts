import type { LifecycleState, OperationKind, Transition } from '../contracts/lifecycle.ts';
import type { DeclaredTenantSpec, PlacementStatus, ServiceSpec, TenantSpec } from '../contracts/manifests/tenant.ts';
import type { ProblemDetail } from '../contracts/problem-document.ts';
import { isolationFlaws, isolationModeOf, strategyOf } from './isolation.ts';
import { courseOf, routeBetween } from './course.ts';
import type { FieldChange, Leg } from './course.ts';
import { reachableFrom } from './lifecycle.ts';
import type { CompleteSpec } from './spec-fields.ts';
import { overlaidServices, rebaseServices } from './tenant-template.ts';
import type { TemplateVersion } from './tenant-template.ts';
import { TenureError } from './tenure-error.ts';

export interface CurrentTenant {
  readonly spec: TenantSpec;
  readonly lifecycle: LifecycleState;
  readonly placement: PlacementStatus | null;
  /** Fields that a verb was the last to write. */
  readonly owners: { readonly [Field in 'lifecycle' | 'plan' | 'template']?: { readonly verb: string } };
}

/** What a request means for the current tenant. */
export interface TenantChange {
  /** The resulting spec: what the manifest leaves out comes from the current one. */
  readonly spec: CompleteSpec;
  /**
   * The operations that bring the tenant there, in order; none if storing the spec is enough. Undoing one also restores
   * what it wrote.
   */
  readonly legs: readonly Leg[];
}

export type Equal = (a: unknown, b: unknown) => boolean;

/** Fields that only an operation can change outside Draft, each with its path. */
const pathOfField = {
  plan: 'change_plan',
  services: 'reconcile',
  template: 'reconcile',
  config: 'reconcile',
} as const satisfies Partial<Record<keyof TenantSpec, OperationKind>>;

export interface ChangeOptions {
  /** Allows the declaration to overwrite what a verb has set. */
  readonly force?: boolean;
  /** The declared version of the template, and the one in effect. */
  readonly templates?:
    { readonly declared: TemplateVersion; readonly current: TemplateVersion | undefined } | undefined;
}

/**
 * Compares a declaration with the current tenant. An absent `lifecycle`, `placement` or `hold` means unchanged; absent
 * services come from the template.
 * @throws TenureError isolation_not_available, transition_not_allowed, placement_immutable, change_not_available,
 * template_not_available, field_owned, tenant_held, tenant_deleted
 */
export function planTenantChange(
  declared: DeclaredTenantSpec,
  current: CurrentTenant | undefined,
  equal: Equal,
  { force = false, templates }: ChangeOptions = {},
): TenantChange {
  if (current?.lifecycle === 'Deleted')
    throw new TenureError('tenant_deleted', 'the tenant is deleted and cannot be changed');
  const spec = resolvedSpec(declared, current, templates, equal);
  // A new tenant may declare a hold, for example when it moves to another installation; later only verbs set and
  // release it.
  if (current !== undefined && !equal(spec.hold, current.spec.hold)) throw holdIsNotDeclared();
  const flaws = isolationFlaws(spec);
  if (flaws.length > 0)
    throw new TenureError('isolation_not_available', flaws.map((flaw) => flaw.message).join('; '), { errors: flaws });
  const from = current?.lifecycle ?? 'Draft';
  if (current?.placement != null) refusePlacementChange(spec, current, current.placement);

  const route = declaredRoute(from, spec.lifecycle);
  // The activation builds whatever a Draft declares.
  const changes = current === undefined || from === 'Draft' ? [] : fieldChanges(spec, current, equal);
  const { legs, impossible } = courseOf(from, route, changes);
  if (impossible.length > 0) throw notChangeableWhile(from, impossible);
  if (current !== undefined && !force) refuseReversal(spec, current, equal);
  return { spec, legs };
}

function resolvedSpec(
  {
    placement: declaredPlacement,
    hold: declaredHold,
    template: _template,
    services: declaredServices,
    ...rest
  }: DeclaredTenantSpec,
  current: CurrentTenant | undefined,
  templates: ChangeOptions['templates'],
  equal: Equal,
): CompleteSpec {
  const placement = { ...current?.spec.placement, ...declaredPlacement };
  const hold = declaredHold ?? current?.spec.hold;
  return {
    ...rest,
    ...(templates === undefined
      ? {}
      : { template: { name: templates.declared.name, version: templates.declared.version } }),
    services: servicesOf(declaredServices, current, templates, equal),
    lifecycle: rest.lifecycle ?? current?.spec.lifecycle ?? 'Draft',
    ...(Object.keys(placement).length === 0 ? {} : { placement }),
    ...(hold === undefined ? {} : { hold }),
  };
}

/**
 * The services of a tenant: those that it declares override those of its template; without any, they follow from the
 * template.
 */
function servicesOf(
  declared: ServiceSpec[] | undefined,
  current: CurrentTenant | undefined,
  templates: ChangeOptions['templates'],
  equal: Equal,
): ServiceSpec[] {
  const templateServices = templates?.declared.spec.services ?? [];
  const oldTemplateServices = templates?.current?.spec.services ?? [];
  // A Draft has no data that must be kept.
  if (declared !== undefined)
    return overlaidServices(
      declared,
      current?.placement == null ? [] : current.spec.services,
      oldTemplateServices,
      templateServices,
      equal,
    );
  const services =
    current === undefined
      ? [...templateServices]
      : rebaseServices(current.spec.services, oldTemplateServices, templateServices, equal);
  if (services.length > 0) return services;
  throw new TenureError(
    'template_not_available',
    `template "${templates?.declared.name}" has no services in version ${templates?.declared.version}, and the tenant declares none`,
    {
      errors: [
        {
          pointer: '/spec/services',
          message: 'is missing from both the manifest and the template',
          fix: 'Declare services in the manifest.',
        },
      ],
    },
  );
}

function holdIsNotDeclared(): TenureError {
  return new TenureError('tenant_held', 'spec.hold is set and released by the verbs hold and release-hold', {
    errors: [{ pointer: '/spec/hold', message: 'differs from the current hold', fix: 'Remove spec.hold.' }],
  });
}

function declaredRoute(from: LifecycleState, to: CompleteSpec['lifecycle']): readonly Transition[] {
  const route = routeBetween(from, to);
  if (route !== undefined) return route;
  throw new TenureError('transition_not_allowed', `a tenant that is ${from} cannot become ${to}`, {
    errors: [
      {
        pointer: '/spec/lifecycle',
        message: `there is no path from ${from} to ${to}`,
        allowed: [from, ...reachableFrom(from)],
      },
    ],
  });
}

function refusePlacementChange(spec: TenantSpec, current: CurrentTenant, placement: PlacementStatus): void {
  const errors: ProblemDetail[] = [];
  if (isolationModeOf(spec) !== placement.mode) {
    errors.push({
      pointer: '/spec/placement/mode',
      message: `the tenant is placed in mode "${placement.mode}"`,
      allowed: [placement.mode],
    });
  }
  if (spec.placement?.preferredRegion !== current.spec.placement?.preferredRegion) {
    errors.push({
      pointer: '/spec/placement/preferredRegion',
      message: `the tenant is placed in "${placement.region}"`,
      allowed: [current.spec.placement?.preferredRegion ?? placement.region],
    });
  }
  if (errors.length > 0)
    throw new TenureError('placement_immutable', errors.map((error) => error.message).join('; '), { errors });
}

/** The changes besides the state, for a tenant that has a home. */
function fieldChanges(spec: TenantSpec, current: CurrentTenant, equal: Equal): FieldChange[] {
  const changed = (['plan', 'services', 'template', 'config'] as const).filter(
    (field) => !equal(spec[field], current.spec[field]),
  );
  if (changed.includes('services')) {
    refuseRemovedCollections(spec, current.spec);
    refuseMovedCollections(spec, current.spec);
  }
  const paths = [...new Set(changed.map((field) => pathOfField[field]))];
  return paths.map((path) => ({
    path,
    assign: Object.fromEntries(
      changed.filter((field) => pathOfField[field] === path).map((field) => [field, spec[field] ?? null]),
    ),
  }));
}

function notChangeableWhile(state: LifecycleState, changes: readonly FieldChange[]): TenureError {
  const fields = changes.flatMap(({ assign }) => Object.keys(assign));
  return new TenureError(
    'change_not_available',
    `${fields.map((field) => `spec.${field}`).join(', ')} cannot be changed while the tenant is ${state}`,
    {
      errors: fields.map((field) => ({
        pointer: `/spec/${field}`,
        message: `cannot be changed while the tenant is ${state}`,
        fix: 'Reactivate the tenant first, or declare spec.lifecycle: Active as well.',
      })),
    },
  );
}

/** Dropping a collection would destroy data because of a missing line; only a purge destroys data. */
function refuseRemovedCollections(spec: TenantSpec, current: TenantSpec): void {
  const declared = new Set(spec.services.flatMap((service) => service.collections.map(({ name }) => name)));
  const removed = current.services
    .flatMap((service) => service.collections.map(({ name }) => name))
    .filter((name) => !declared.has(name));
  if (removed.length === 0) return;
  throw new TenureError(
    'change_not_available',
    `collections with a tenant's data cannot be removed: ${removed.join(', ')}`,
    {
      errors: removed.map((name) => ({
        pointer: '/spec/services',
        message: `collection "${name}" is no longer declared`,
        fix: 'Declare it again. Only a purge of the tenant removes a collection.',
      })),
    },
  );
}

/** Another strategy would mean another place for the data. */
function refuseMovedCollections(spec: TenantSpec, current: TenantSpec): void {
  const before = new Map(
    current.services.flatMap((service) =>
      service.collections.map(({ name }) => [name, strategyOf(service, isolationModeOf(current))]),
    ),
  );
  const errors = spec.services.flatMap((service, index): ProblemDetail[] =>
    service.collections.flatMap(({ name }) => {
      const strategy = before.get(name);
      if (strategy === undefined || strategy === strategyOf(service, isolationModeOf(spec))) return [];
      return [
        {
          pointer: `/spec/services/${index}/strategy`,
          message: `collection "${name}" was placed by strategy "${strategy}" and cannot be moved`,
          allowed: [strategy],
        },
      ];
    }),
  );
  if (errors.length > 0)
    throw new TenureError('placement_immutable', errors.map((error) => error.message).join('; '), { errors });
}

function refuseReversal(spec: TenantSpec, current: CurrentTenant, equal: Equal): void {
  const errors = (['lifecycle', 'plan', 'template'] as const).flatMap((field): ProblemDetail[] => {
    const owner = current.owners[field];
    if (owner === undefined || equal(spec[field], current.spec[field])) return [];
    return [
      {
        pointer: `/spec/${field}`,
        message: `was set to ${JSON.stringify(current.spec[field])} by ${owner.verb}`,
        fix: `Write ${JSON.stringify(current.spec[field])}, or use the verb that reverses it.`,
      },
    ];
  });
  if (errors.length > 0)
    throw new TenureError('field_owned', errors.map(({ pointer, message }) => `${pointer} ${message}`).join('; '), {
      errors,
    });
}
