/** One npm package that is made of a room of the project and of what that room imports. */
export interface PublishedPackage {
  readonly name: string;
  /** Its README lies there. */
  readonly room: 'client' | 'cli';
  readonly description: string;
  readonly keywords: readonly string[];
  /** What can be imported: subpath to source. Only what these import is in the package. */
  readonly entries: Readonly<Record<string, string>>;
  /** Further subpaths, as patterns of compiled files without their extension. */
  readonly patterns?: Readonly<Record<string, string>>;
  /** Commands: name to source. */
  readonly commands?: Readonly<Record<string, string>>;
  /** Imported packages that the user brings when they use the part that needs them. */
  readonly optionalPeers?: readonly string[];
}

export const publishedPackages: readonly PublishedPackage[] = [
  {
    name: '@tenure/client',
    room: 'client',
    description: 'TypeScript client of Tenure, a durable control plane for the tenants of a SaaS platform.',
    keywords: ['tenure', 'tenant', 'multi-tenancy', 'saas', 'control-plane', 'mongodb'],
    entries: {
      '.': 'client/api-client.ts',
      './api-error': 'client/api-error.ts',
      './open-tenant': 'client/open-tenant.ts',
      './tenant-at': 'client/tenant-at.ts',
      './watch-operations': 'client/watch-operations.ts',
      './watch-tenants': 'client/watch-tenants.ts',
    },
    patterns: { './contracts/*': './contracts/*' },
    // Who opens tenants has its handles of the driver that the rest of the program uses; who does not, has none.
    optionalPeers: ['mongodb'],
  },
  {
    name: '@tenure/cli',
    room: 'cli',
    description: 'Command line of Tenure, a durable control plane for the tenants of a SaaS platform.',
    keywords: ['tenure', 'tenant', 'multi-tenancy', 'saas', 'control-plane', 'cli'],
    entries: {},
    commands: { tenure: 'cli/main.ts' },
  },
];
