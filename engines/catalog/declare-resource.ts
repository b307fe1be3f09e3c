import { canonicalDigest } from '../../contracts/canonical-json.ts';
import type { PolicyDecision } from '../../contracts/policy.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import { storageVersion } from '../../store/documents.ts';
import type { CatalogDocument, RegionDocument } from '../../store/documents.ts';
import { stateReference } from '../../store/resources.ts';
import type { Declaration } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry, refusalEntry } from '../requests/caller.ts';
import type { Caller } from '../requests/caller.ts';
import { retryOnConflict, requireNamed, requirePrecondition } from '../requests/precondition.ts';
import type { NamedRevision, Precondition } from '../requests/precondition.ts';

export interface DeclareResourceRequest {
  readonly kind: CatalogDocument['kind'];
  readonly name: string;
  /** The uid that it gets if it is new. */
  readonly uid?: string | undefined;
  readonly declaration: Declaration<CatalogDocument['spec']>;
  readonly precondition: Precondition;
  /** The revision named in the manifest. */
  readonly named?: NamedRevision | undefined;
  readonly caller: Caller;
  /** The decision that allowed it. */
  readonly policy: PolicyDecision;
  /** Runs inside the commit, with the committed document. */
  readonly alsoCommit: (tx: Transaction, document: CatalogDocument, created: boolean) => Promise<void>;
}

export interface DeclaredResource {
  readonly outcome: 'created' | 'changed' | 'unchanged';
  readonly document: CatalogDocument;
}

export const declareActions = {
  Plan: 'plan.apply',
  Region: 'region.apply',
  TenantTemplate: 'template.apply',
  WebhookEndpoint: 'webhook.apply',
} as const;

/**
 * A cell that holds tenants cannot be removed from its region, and no tenant is placed on a cell while it is removed.
 */
async function requireCellsUnused(
  store: Store,
  tx: Transaction,
  current: RegionDocument,
  next: RegionDocument['spec'],
): Promise<void> {
  const removed = current.spec.cells
    .map((cell) => cell.name)
    .filter((name) => !next.cells.some((cell) => cell.name === name));
  if (removed.length === 0) return;
  const placed = await store.resources.placedOn(tx, removed, 5);
  if (placed.length === 0) return;
  throw new TenureError('change_not_available', `tenants are placed on ${removed.join(', ')}: ${placed.join(', ')}`, {
    errors: [
      {
        pointer: '/spec/cells',
        message: `these cells hold tenants: ${removed.join(', ')}`,
        fix: 'Keep the cells. To place no more tenants in the region, set acceptsTenants: false.',
      },
    ],
  });
}

/** A cell belongs to one region: the plane knows a cell by its name alone, and its jurisdiction is the region's. */
async function requireCellsExclusive(store: Store, name: string, { cells }: RegionDocument['spec']): Promise<void> {
  const others = (await store.resources.list('Region', { limit: 1000 })).filter((region) => region.name !== name);
  const errors = cells.flatMap((cell, index) => {
    const owner = others.find((region) => region.spec.cells.some((other) => other.name === cell.name));
    return owner === undefined
      ? []
      : [
          {
            pointer: `/spec/cells/${index}/name`,
            message: `cell "${cell.name}" belongs to region "${owner.name}"`,
            fix: 'Use a cell name that no other region has.',
          },
        ];
  });
  if (errors.length > 0)
    throw new TenureError('already_exists', errors.map((error) => error.message).join('; '), { errors });
}

/**
 * Accepts a declared resource of a kind without operations. Commits the revision, the ledger entry and the caller's
 * answer together.
 */
export function declareResource(store: Store, request: DeclareResourceRequest): Promise<DeclaredResource> {
  return retryOnConflict(request.precondition, () => declareOnce(store, request));
}

async function declareOnce(store: Store, request: DeclareResourceRequest): Promise<DeclaredResource> {
  const { kind, name, declaration, precondition, named, caller, policy, alsoCommit } = request;
  const current: CatalogDocument | undefined = await store.resources.find(kind, name);
  requirePrecondition(precondition, `${kind} "${name}"`, current);
  if (current !== undefined) {
    const { labels, annotations, spec } = current;
    if (canonicalDigest({ labels, annotations, spec }) === canonicalDigest(declaration))
      return { outcome: 'unchanged', document: current };
    requireNamed(named, precondition, `${kind} "${name}"`, current);
  }
  if (kind === 'Region') await requireCellsExclusive(store, name, declaration.spec as RegionDocument['spec']);
  const uid = current?._id ?? request.uid ?? store.newId();
  const declared = store.commit<DeclaredResource>(async (tx) => {
    if (current?.kind === 'Region')
      await requireCellsUnused(store, tx, current, declaration.spec as RegionDocument['spec']);
    // A resource that reuses a removed name continues its counters, so that nobody confuses it or its versions with the
    // earlier one.
    const earlier = current === undefined ? await store.resourceUses.renew(tx, { kind, name }) : undefined;
    const fresh = {
      _id: uid,
      storageVersion,
      kind,
      name,
      ...declaration,
      // Only the plane enables what it has disabled.
      ...(kind === 'WebhookEndpoint' ? { disabled: current?.kind === kind ? current.disabled : null } : {}),
      generation: 1 + (earlier?.generation ?? 0),
      revision: 1 + (earlier?.revision ?? 0),
      createTime: tx.time,
      updateTime: tx.time,
    } as CatalogDocument;
    const document =
      current === undefined
        ? await store.resources.insert(tx, fresh)
        : await store.resources.replace(tx, current.revision, {
            ...fresh,
            createTime: current.createTime,
            generation: current.generation + 1,
            revision: current.revision + 1,
          });
    await alsoCommit(tx, document, current === undefined);
    return {
      result: { outcome: current === undefined ? 'created' : 'changed', document },
      entries: [
        {
          ...callerEntry(caller),
          action: declareActions[kind],
          target: { kind, name, uid },
          outcome: 'succeeded',
          ...(current === undefined ? {} : { previous: stateReference(current) }),
          next: stateReference(document),
          policy,
        },
      ],
    };
  });
  return declared.catch(async (error: unknown) => {
    if (error instanceof TenureError && error.code === 'change_not_available') {
      await store.refusals.record(
        refusalEntry(caller, { action: declareActions[kind], target: { kind, name, uid }, policy, reason: error.code }),
      );
    }
    throw error;
  });
}
