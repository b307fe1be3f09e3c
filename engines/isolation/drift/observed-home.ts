import type { CollectionInfo, IndexDescriptionInfo } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import type { ClaimDocument } from '../parts/plane-database.ts';
import type { FoundRole } from '../parts/roles.ts';
import type { Standing } from '../parts/standing.ts';
import type { FoundUser } from '../parts/tenant-users.ts';

/** A user that does not count. */
export interface LeftUser {
  /** Whether it says that it was made for this tenant. */
  readonly ours: boolean;
}

/** Everything that was seen of one home. */
export interface ObservedHome {
  readonly claim: ClaimDocument | undefined;
  /** The one that counts. */
  readonly user: FoundUser | undefined;
  /** Others by a name of the tenant's. */
  readonly leftUsers: readonly LeftUser[];
  readonly roles: readonly FoundRole[];
  /** By the declared names. */
  readonly collections: ReadonlyMap<HomeNamespace, ObservedCollection>;
  /** By names of this tenant, or in its own database, without the declared ones. */
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
