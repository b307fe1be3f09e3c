import type { DeclarableLifecycle } from '../contracts/lifecycle.ts';
import type { TenantSpec } from '../contracts/manifests/tenant.ts';

/** A spec as stored in the registry. */
export type CompleteSpec = TenantSpec & { readonly lifecycle: DeclarableLifecycle };

/** Fields of a spec that are written together; null: absent. */
export type SpecFields = { readonly [Field in keyof TenantSpec]?: TenantSpec[Field] | null };

/** The values in `before` of the fields that `assign` writes, to restore them later. */
export function fieldsBefore(assign: SpecFields, before: TenantSpec): SpecFields {
  return Object.fromEntries(Object.keys(assign).map((field) => [field, before[field as keyof TenantSpec] ?? null]));
}

/** A spec with these fields written into it. */
export function withFields(spec: CompleteSpec, written: SpecFields): CompleteSpec {
  const fields = Object.entries({ ...spec, ...written }).filter(([, value]) => value !== null);
  return Object.fromEntries(fields) as unknown as CompleteSpec;
}

/** The fields to restore when an operation is undone: its own, and those of the operations that were to follow it. */
export function restoredBy({
  restore,
  deferred = {},
}: {
  readonly restore: SpecFields;
  readonly deferred?: SpecFields;
}): SpecFields {
  return { ...deferred, ...restore };
}

/** The field owners after an operation is undone: restored fields return to their earlier owners. */
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
