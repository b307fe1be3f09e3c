/** An npm package that is built from a room of the project and everything that the room imports. */
export interface PublishedPackage {
  readonly name: string;
  /** Contains the README. */
  readonly room: 'client' | 'cli';
  readonly description: string;
  readonly keywords: readonly string[];
  /** The importable modules: subpath to source. The package contains only these and their imports. */
  readonly entries: Readonly<Record<string, string>>;
  /** More subpaths, as patterns of compiled files without their extension. */
  readonly patterns?: Readonly<Record<string, string>>;
  /** Commands: name to source. */
  readonly commands?: Readonly<Record<string, string>>;
  /** Imported packages that users install themselves, if they use the part that needs them. */
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
      './events': 'client/events.ts',
      './log-verification': 'client/log-verification.ts',
      './open-tenant': 'client/open-tenant.ts',
      './tenant-at': 'client/tenant-at.ts',
      './watch-operations': 'client/watch.ts',
      './watch-tenants': 'client/watch.ts',
    },
    patterns: { './contracts/*': './contracts/*' },
    // A program that opens tenants shares its own driver with the client. A program that does not open any needs none.
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
