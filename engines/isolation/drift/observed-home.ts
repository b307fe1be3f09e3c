import type { CollectionInfo, IndexDescriptionInfo } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import type { ClaimDocument } from '../parts/plane-database.ts';
import type { FoundRole } from '../parts/roles.ts';
import type { Standing } from '../parts/standing.ts';
import type { FoundUser } from '../parts/tenant-users.ts';

/** A user that is not the current one. */
export interface LeftUser {
  /** Whether its data says that it was created for this tenant. */
  readonly ours: boolean;
}

/** Everything that was observed of one home. */
export interface ObservedHome {
  readonly claim: ClaimDocument | undefined;
  /** The current user. */
  readonly user: FoundUser | undefined;
  /** Other users with a name of the tenant. */
  readonly leftUsers: readonly LeftUser[];
  readonly roles: readonly FoundRole[];
  /** The declared collections that exist. */
  readonly collections: ReadonlyMap<HomeNamespace, ObservedCollection>;
  /** Other objects with a name of this tenant, or in its own database. */
  readonly others: {
    readonly collections: readonly Standing[];
    readonly users: readonly Standing[];
    readonly roles: readonly Standing[];
  };
}

export interface ObservedCollection {
  readonly info: CollectionInfo;
  readonly indexes: readonly IndexDescriptionInfo[];
}
