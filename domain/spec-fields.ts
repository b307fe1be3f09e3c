import type { DeclarableLifecycle } from '../contracts/lifecycle.ts';
import type { TenantSpec } from '../contracts/manifests/tenant.ts';

/** A spec as it stands in the registry. */
export type SettledSpec = TenantSpec & { readonly lifecycle: DeclarableLifecycle };

/** Fields of a spec that are written together; null: absent. */
export type SpecFields = { readonly [Field in keyof TenantSpec]?: TenantSpec[Field] | null };

/** The fields of `before` that `assign` writes, to be written back. */
export function fieldsBefore(assign: SpecFields, before: TenantSpec): SpecFields {
  return Object.fromEntries(Object.keys(assign).map((field) => [field, before[field as keyof TenantSpec] ?? null]));
}

/** A spec with these fields written into it. */
export function withFields(spec: SettledSpec, written: SpecFields): SettledSpec {
  const fields = Object.entries({ ...spec, ...written }).filter(([, value]) => value !== null);
  return Object.fromEntries(fields) as unknown as SettledSpec;
}

/** What is written back where an operation is undone: its own fields, and those of the operations that were to follow it. */
export function restoredBy({
  restore,
  deferred = {},
}: {
  readonly restore: SpecFields;
  readonly deferred?: SpecFields;
}): SpecFields {
  return { ...deferred, ...restore };
}

/** Who owns what, where an operation is undone: fields that are written back go back to whom they belonged to. */
export function ownersRestoredBy<Owners extends object>(
  operation: Parameters<typeof restoredBy>[0] & { readonly before: { readonly owners: Owners } },
  owners: Owners,
): Owners {
  const restore = restoredBy(operation);
  const isRestored = ([field]: [string, unknown]): boolean => Object.hasOwn(restore, field);
  return Object.fromEntries([
    ...Object.entries(owners).filter((owner) => !isRestored(owner)),
    ...Object.entries(operation.before.owners).filter(isRestored),
  ]) as Owners;
}
