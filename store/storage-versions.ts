import { storageVersion } from './documents.ts';
import { withoutTexts, withTexts } from './free-json.ts';
import { TenureError } from '../domain/tenure-error.ts';

/** Upgrades a stored document from one version to the next. */
export type Upgrade = (document: Record<string, unknown>) => Record<string, unknown>;

/** Version 2: the whole lifecycle. Version 1 had one path, from Draft to Active. */
function toVersion2(document: Record<string, unknown>): Record<string, unknown> {
  if ('steps' in document) {
    return {
      ...document,
      from: 'Draft',
      to: 'Active',
      assign: { lifecycle: 'Active' },
      restore: { lifecycle: 'Draft' },
      before: { deletion: null, plan: null, owners: {} },
      waitsFor: null,
      cancelRequestTime: null,
    };
  }
  // A tenant, not one of its revisions, which have no state.
  if ('lastFence' in document)
    return { ...document, pending: null, deletion: null, plan: null, scheduledPlan: null, owners: {} };
  return document;
}

/**
 * Version 4: the name of a tenant's user changes. An earlier build would revoke the rights of the wrong user and
 * believe that it had revoked the tenant's.
 */
function toVersion4(document: Record<string, unknown>): Record<string, unknown> {
  return 'lastFence' in document ? { ...document, databaseUser: null } : document;
}

/**
 * Keyed by the version that they upgrade from. Version 3 stores free JSON as text; values that the driver made from
 * references before that are kept.
 */
const upgrades: Readonly<Record<number, Upgrade>> = { 1: toVersion2, 2: withTexts, 3: toVersion4 };

/**
 * The document in the form of this build. Documents are upgraded when they are read, and written back in the new form
 * with their next change.
 * @throws TenureError internal when a newer build wrote it, because reading it with this build could lose fields; or
 * when it has no version.
 */
export function upgradeOnRead<Document extends { storageVersion: number }>(
  document: Document,
  { to = storageVersion, using = upgrades }: { to?: number; using?: Readonly<Record<number, Upgrade>> } = {},
): Document {
  if (document.storageVersion === to) return withoutTexts(document);
  if (!Number.isInteger(document.storageVersion))
    throw new TenureError('internal', 'a stored document has no storage version; it was not written by Tenure');
  if (document.storageVersion > to) {
    throw new TenureError(
      'internal',
      `the document was stored by a newer build (storage version ${document.storageVersion}, this build reads up to ${to}); run the newer build`,
    );
  }
  let upgraded: Record<string, unknown> = document;
  for (let version = document.storageVersion; version < to; version += 1) {
    const upgrade = using[version];
    if (upgrade === undefined) throw new TenureError('internal', `no upgrade from storage version ${version}`);
    upgraded = { ...upgrade(upgraded), storageVersion: version + 1 };
  }
  return withoutTexts(upgraded as Document);
}
