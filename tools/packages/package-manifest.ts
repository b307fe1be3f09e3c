import type { PublishedPackage } from './published-packages.ts';

/** The fields of the project's package.json that a published one uses. */
export interface ProjectManifest {
  readonly version: string;
  readonly license: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly repository?: { readonly type: string; readonly url: string };
}

/** The range of commander, which requires a newer Node than any other dependency. */
const nodeRange = '>=22.12';

/**
 * The package.json of a published package. `imported` are the packages that its compiled files import, with the
 * versions of the project: a library also accepts newer compatible versions, a program requires exactly these.
 * @throws Error for an import that the project does not depend on at run time
 */
export function packageManifest(
  definition: PublishedPackage,
  project: ProjectManifest,
  imported: ReadonlySet<string>,
): object {
  const { name, room, description, keywords, entries, patterns = {}, commands, optionalPeers = [] } = definition;
  const rangePrefix = commands === undefined ? '^' : '';
  const versionOf = (dependency: string): string => {
    const version = project.dependencies[dependency];
    if (version === undefined)
      throw new Error(`${name} imports ${dependency}: add it to the dependencies of package.json`);
    return `${rangePrefix}${version}`;
  };
  const versions = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.toSorted().map((dependency) => [dependency, versionOf(dependency)]));
  const peers = optionalPeers.filter((peer) => imported.has(peer));
  return {
    name,
    version: project.version,
    description,
    keywords,
    license: project.license,
    ...(project.repository === undefined ? {} : { repository: { ...project.repository, directory: room } }),
    type: 'module',
    engines: { node: nodeRange },
    ...(commands === undefined ? { sideEffects: false } : {}),
    exports: {
      ...Object.fromEntries(
        Object.entries(entries).map(([subpath, source]) => [subpath, compiled(`./${source.replace(/\.ts$/, '')}`)]),
      ),
      ...Object.fromEntries(Object.entries(patterns).map(([subpath, pattern]) => [subpath, compiled(pattern)])),
      './package.json': './package.json',
    },
    ...(commands === undefined
      ? {}
      : {
          bin: Object.fromEntries(
            Object.entries(commands).map(([command, source]) => [command, source.replace(/\.ts$/, '.js')]),
          ),
        }),
    files: ['**/*.js', ...(commands === undefined ? ['**/*.d.ts'] : [])],
    dependencies: versions([...imported].filter((dependency) => !peers.includes(dependency))),
    ...(peers.length === 0
      ? {}
      : {
          peerDependencies: versions(peers),
          peerDependenciesMeta: Object.fromEntries(peers.map((peer) => [peer, { optional: true }])),
        }),
    publishConfig: { access: 'public', provenance: true },
  };
}

function compiled(path: string): { types: string; default: string } {
  return { types: `${path}.d.ts`, default: `${path}.js` };
}
