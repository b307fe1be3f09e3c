import { targetWord } from '../../contracts/ledger-entry.ts';
import type { EventType } from '../../contracts/event-types.ts';
import type { PolicyAction, PolicyDecision } from '../../contracts/policy.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import type { Transaction } from '../../store/commit.ts';
import type { CatalogDocument } from '../../store/documents.ts';
import type { ResourceUser } from '../../store/resource-uses.ts';
import { stateReference } from '../../store/resources.ts';
import type { Store } from '../../store/store.ts';
import { callerEntry, refusalEntry } from '../requests/caller.ts';
import type { Caller } from '../requests/caller.ts';
import { retryOnConflict, requirePrecondition } from '../requests/precondition.ts';
import type { Precondition } from '../requests/precondition.ts';

export interface RemoveResourceRequest {
  readonly kind: CatalogDocument['kind'];
  readonly name: string;
  readonly precondition: Precondition;
  readonly caller: Caller;
  /** The decision that allowed it. */
  readonly policy: PolicyDecision;
  /** Runs inside the commit, with the removed document. */
  readonly alsoCommit: (tx: Transaction, document: CatalogDocument) => Promise<void>;
}

export const removeActions = {
  Plan: 'plan.delete',
  Region: 'region.delete',
  TenantTemplate: 'template.delete',
  WebhookEndpoint: 'webhook.delete',
} as const satisfies Record<CatalogDocument['kind'], PolicyAction>;

const removed = {
  Plan: 'plan.deleted.v1',
  Region: 'region.deleted.v1',
  TenantTemplate: 'template.deleted.v1',
  WebhookEndpoint: 'webhook.deleted.v1',
} as const satisfies Record<CatalogDocument['kind'], EventType>;

/** How many users of the resource an error names. */
const namedUsers = 20;

function inUse({ kind, name }: RemoveResourceRequest, users: readonly ResourceUser[]): TenureError {
  const errors = users.slice(0, namedUsers).map((user) => ({ message: `${user.kind} "${user.name}" uses it` }));
  if (users.length > namedUsers) errors.push({ message: 'and more' });
  return new TenureError(
    'resource_in_use',
    `${targetWord(kind)} "${name}" is used by ${users
      .slice(0, 3)
      .map((user) => `${user.kind} "${user.name}"`)
      .join(', ')}${users.length > 3 ? ' and others' : ''}`,
    { errors },
  );
}

/**
 * Removes a resource of a kind without operations from the registry, if nothing uses it. Commits the removal, the entry
 * with its event
 * and the caller's answer together; the commit fails if something begins to use the resource at the same time. The
 * declaration stays in the resource's revisions.
 * @throws TenureError not_found, revision_stale, resource_in_use
 */
export function removeResource(store: Store, request: RemoveResourceRequest): Promise<CatalogDocument> {
  const { kind, name, precondition, caller, policy, alsoCommit } = request;
  const action = removeActions[kind];
  return retryOnConflict(precondition, async () => {
    const current: CatalogDocument | undefined = await store.resources.find(kind, name);
    requirePrecondition(precondition, `${targetWord(kind)} "${name}"`, current);
    if (current === undefined) throw new TenureError('not_found', `${targetWord(kind)} "${name}" does not exist`);
    const target = { kind, name, uid: current._id };
    try {
      return await store.commit(async (tx) => {
        const users = await store.resourceUses.users(tx, current, namedUsers + 1);
        if (users.length > 0) throw inUse(request, users);
        await store.resources.removeCatalogResource(tx, current);
        await alsoCommit(tx, current);
        return {
          result: current,
          entries: [
            {
              ...callerEntry(caller),
              action,
              target,
              outcome: 'succeeded',
              previous: stateReference(current),
              policy,
              event: { type: removed[kind], data: { [targetWord(kind)]: { uid: current._id, name } } },
            },
          ],
        };
      });
    } catch (error) {
      if (error instanceof TenureError && error.code === 'resource_in_use') {
        await store.refusals.record(refusalEntry(caller, { action, target, policy, reason: error.code }));
      }
      throw error;
    }
  });
}
