import { TenureError } from '../../domain/tenure-error.ts';

/** Which state of a resource a change is meant for. */
export type Precondition =
  /** It must not exist. */
  | { readonly kind: 'absent' }
  /** It must stand at this revision. */
  | { readonly kind: 'revision'; readonly revisions: readonly number[] }
  /** It must exist, as whatever it is. */
  | { readonly kind: 'exists' };

/** @throws TenureError already_exists, not_found, revision_stale */
export function requirePrecondition(
  precondition: Precondition,
  what: string,
  current: { readonly revision: number } | undefined,
): void {
  if (precondition.kind === 'absent') {
    if (current !== undefined) throw new TenureError('already_exists', `${what} exists`);
    return;
  }
  if (current === undefined) throw new TenureError('not_found', `${what} does not exist`);
  if (precondition.kind === 'revision' && !precondition.revisions.includes(current.revision)) {
    throw new TenureError('revision_stale', `${what} is at revision ${current.revision}`);
  }
}

/** The state that a manifest says it was made from. */
export interface NamedRevision {
  readonly uid?: string | undefined;
  readonly revision: number;
}

/**
 * A manifest that names a revision changes that one only, so that it takes nothing back that its writer has not seen. What is
 * there no more it creates anew.
 * @throws TenureError revision_stale
 */
export function requireNamed(
  named: NamedRevision | undefined,
  precondition: Precondition,
  what: string,
  current: { readonly _id: string; readonly revision: number } | undefined,
): void {
  // Who asks for whatever stands to be replaced has said so.
  if (named === undefined || current === undefined || precondition.kind !== 'revision') return;
  const fix =
    'Get it again and make your change there; or remove metadata.revision from the manifest, to replace whatever stands.';
  const stale = (pointer: string, message: string): TenureError =>
    new TenureError('revision_stale', `the manifest was made from another state of ${what}: ${message}`, {
      errors: [{ pointer, message, fix }],
    });
  if (named.uid !== undefined && named.uid !== current._id)
    throw stale('/metadata/uid', `it is of ${named.uid}; what has the name now is ${current._id}`);
  if (named.revision !== current.revision)
    throw stale('/metadata/revision', `it is of revision ${named.revision}; ${current.revision} stands`);
}

/** More changes of one resource at once than this overtake each other no further. */
const maxAttempts = 20;

/** Does `work` again when another change has overtaken it and the caller asked for no revision in particular. */
export async function decidedAnew<T>(precondition: Precondition, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const overtaken =
        precondition.kind === 'exists' && error instanceof TenureError && error.code === 'revision_stale';
      if (!overtaken || attempt === maxAttempts) throw error;
    }
  }
}
