import { TenureError } from '../../domain/tenure-error.ts';

/** The state that a resource must have for a change to apply. */
export type Precondition =
  /** It must not exist. */
  | { readonly kind: 'absent' }
  /** It must be at one of these revisions. */
  | { readonly kind: 'revision'; readonly revisions: readonly number[] }
  /** It must exist, at any revision. */
  | { readonly kind: 'exists' };

/** @throws TenureError already_exists, not_found, revision_stale */
export function requirePrecondition(
  precondition: Precondition,
  what: string,
  current: { readonly revision: number } | undefined,
): void {
  if (precondition.kind === 'absent') {
    if (current !== undefined) throw new TenureError('already_exists', `${what} already exists`);
    return;
  }
  if (current === undefined) throw new TenureError('not_found', `${what} does not exist`);
  if (precondition.kind === 'revision' && !precondition.revisions.includes(current.revision)) {
    throw new TenureError('revision_stale', `${what} is at revision ${current.revision}`);
  }
}

/** The state that a manifest says it is based on. */
export interface NamedRevision {
  readonly uid?: string | undefined;
  readonly revision: number;
}

/**
 * A manifest that names a revision changes only that revision, so that it cannot undo a change that its writer has not
 * seen. If the resource no longer exists, the manifest creates it again.
 * @throws TenureError revision_stale
 */
export function requireNamed(
  named: NamedRevision | undefined,
  precondition: Precondition,
  what: string,
  current: { readonly _id: string; readonly revision: number } | undefined,
): void {
  // Without a revision as precondition, the caller asks explicitly to replace any revision.
  if (named === undefined || current === undefined || precondition.kind !== 'revision') return;
  const fix =
    'Get the resource again and repeat your change there. To replace any revision, remove metadata.revision from the manifest.';
  const stale = (pointer: string, message: string): TenureError =>
    new TenureError('revision_stale', `the manifest is based on another state of ${what}: ${message}`, {
      errors: [{ pointer, message, fix }],
    });
  if (named.uid !== undefined && named.uid !== current._id)
    throw stale('/metadata/uid', `the manifest has uid ${named.uid}, but the current one is ${current._id}`);
  if (named.revision !== current.revision)
    throw stale(
      '/metadata/revision',
      `the manifest has revision ${named.revision}, but the current one is ${current.revision}`,
    );
}

/** How often a change is retried after concurrent changes of the same resource. */
const maxAttempts = 20;

/** Retries `work` if a concurrent change made it stale and the caller did not ask for a particular revision. */
export async function retryOnConflict<T>(precondition: Precondition, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isOutdated =
        precondition.kind === 'exists' && error instanceof TenureError && error.code === 'revision_stale';
      if (!isOutdated || attempt === maxAttempts) throw error;
    }
  }
}
