import { lifecycleStates } from '../contracts/lifecycle.ts';
import type { ResourceUse, UsedKind } from '../domain/resource-use.ts';
import { usesOf } from '../domain/resource-use.ts';
import { facetScheme, facetsOfUse } from '../domain/tenant-facets.ts';
import { TenureError } from '../domain/tenure-error.ts';
import type { Transaction } from './commit.ts';
import { searchIndex } from './control-database.ts';
import type { ControlDatabase } from './control-database.ts';
import type { CatalogDocument, ResourceDocument, StandingDocument } from './documents.ts';

/** A resource without operations, with the fields that matter for its uses. */
export type UsedResource = Pick<CatalogDocument, '_id' | 'kind' | 'name' | 'generation' | 'revision'>;

/** Something that needs a resource. */
export interface ResourceUser {
  readonly kind: 'tenant' | 'operation' | 'plan' | 'roll-out';
  readonly name: string;
}

/** The counts from which a resource continues when it is declared again after its removal. */
export interface EarlierState {
  readonly generation: number;
  readonly revision: number;
}

/**
 * A transaction that begins to use a resource and one that removes it write to the same document: of two at the same
 * time, one sees what the other has done.
 */
export interface ResourceUses {
  /** @throws TenureError revision_stale, when it has been removed */
  begin(tx: Transaction, uses: readonly ResourceUse[]): Promise<void>;
  /** Registers what a document uses that it did not use before. `facets`: the tenant's facets until now. */
  beginOf(tx: Transaction, document: ResourceDocument, facets: readonly string[]): Promise<void>;
  /**
   * At most `limit` users of the resource, as the transaction sees them.
   * @throws TenureError control_unavailable, while tenants of an older build are being upgraded
   */
  users(tx: Transaction, resource: UsedResource, limit: number): Promise<ResourceUser[]>;
  /** From now on, nothing can begin to use it. */
  end(tx: Transaction, resource: UsedResource): Promise<void>;
  /** Makes the name usable again. Returns the final counts of an earlier resource of this name. */
  renew(tx: Transaction, resource: Pick<UsedResource, 'kind' | 'name'>): Promise<EarlierState | undefined>;
}

/**
 * Transactions that write to the same document conflict, so each resource has several documents, and a use goes to a
 * random one.
 */
const parts = [0, 1, 2, 3, 4, 5, 6, 7] as const;

const partId = ({ kind, name }: Pick<UsedResource, 'kind' | 'name'>, part: number): string => `${kind}/${name}/${part}`;

/** Fields that an unfinished operation writes into the spec, or back into it. */
const ofOperations = {
  Plan: ['assign.plan', 'restore.plan', 'deferred.plan', 'before.plan.name', 'before.scheduledPlan.name'],
  Region: [],
  TenantTemplate: ['assign.template.name', 'restore.template.name', 'deferred.template.name'],
} as const satisfies Record<UsedKind, readonly string[]>;

export function createResourceUses({
  resources,
  operations,
  rollouts,
  standings,
}: Pick<ControlDatabase, 'resources' | 'operations' | 'rollouts' | 'standings'>): ResourceUses {
  async function mark(tx: Transaction, use: ResourceUse): Promise<StandingDocument> {
    const part = Math.floor(Math.random() * parts.length);
    const after = await standings.findOneAndUpdate(
      { _id: partId(use, part) },
      { $inc: { begun: 1 } },
      { upsert: true, returnDocument: 'after', session: tx.session },
    );
    if (after === null) throw new TypeError('an upsert returned no document');
    return after;
  }

  async function beginAll(tx: Transaction, uses: readonly ResourceUse[]): Promise<void> {
    for (const use of uses) {
      const { removed, earlier } = await mark(tx, use);
      const isOfEarlier = use.version !== undefined && earlier !== undefined && use.version <= earlier.generation;
      if (removed === true || isOfEarlier)
        throw new TenureError('revision_stale', `${use.kind} "${use.name}" was removed in the meantime`);
    }
  }

  return {
    begin: beginAll,
    async beginOf(tx, document, facets) {
      if (document.kind === 'Tenant')
        await beginAll(
          tx,
          usesOf(document).filter((use) => !facetsOfUse(use).some((facet) => facets.includes(facet))),
        );
      // A plan may name a region that does not exist, so their order does not matter; but a removal of the region must
      // see the plan.
      if (document.kind === 'Plan')
        for (const name of document.spec.allowedRegions ?? []) await mark(tx, { kind: 'Region', name });
    },
    async users(tx, { _id: uid, kind, name }, limit) {
      if (kind === 'WebhookEndpoint') return [];
      const { session } = tx;
      const stale = await resources.findOne(
        { kind: 'Tenant', facetScheme: { $ne: facetScheme } },
        { session, projection: { _id: 1 } },
      );
      if (stale !== null)
        throw new TenureError(
          'control_unavailable',
          'the search index of tenants is being upgraded; resources can be removed when that is finished',
        );
      const found: ResourceUser[] = [];
      const tenants = resources.find(
        { kind: 'Tenant', lifecycle: { $in: [...lifecycleStates] }, facets: { $in: facetsOfUse({ kind, name }) } },
        { session, projection: { name: 1 }, hint: searchIndex },
      );
      for (const tenant of await tenants.limit(limit).toArray()) found.push({ kind: 'tenant', name: tenant.name });
      const fields = ofOperations[kind];
      if (fields.length > 0) {
        const running = operations.find(
          { unfinished: true, $or: fields.map((field) => ({ [field]: name })) },
          { session, projection: { _id: 1 } },
        );
        for (const operation of await running.limit(limit).toArray())
          found.push({ kind: 'operation', name: operation._id });
      }
      if (kind === 'Region') {
        const plans = resources.find(
          { kind: 'Plan', 'spec.allowedRegions': name },
          { session, projection: { name: 1 } },
        );
        for (const plan of await plans.limit(limit).toArray()) found.push({ kind: 'plan', name: plan.name });
      }
      if (kind === 'TenantTemplate') {
        const active = rollouts.find({ 'template.uid': uid, active: true }, { session, projection: { _id: 1 } });
        for (const rollout of await active.limit(limit).toArray()) found.push({ kind: 'roll-out', name: rollout._id });
      }
      return found.slice(0, limit);
    },
    async end(tx, resource) {
      const earlier: EarlierState = { generation: resource.generation, revision: resource.revision };
      for (const part of parts)
        await standings.updateOne(
          { _id: partId(resource, part) },
          { $set: { removed: true, earlier } },
          { upsert: true, session: tx.session },
        );
    },
    async renew(tx, resource) {
      const before = await standings.findOne(
        { _id: partId(resource, parts[0]), removed: true },
        { session: tx.session },
      );
      if (before === null) return undefined;
      await standings.updateMany(
        { _id: { $in: parts.map((part) => partId(resource, part)) } },
        { $unset: { removed: true } },
        { session: tx.session },
      );
      return before.earlier;
    },
  };
}
