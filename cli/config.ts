/** The settings from the environment; an empty variable counts as not set. */
export interface CliEnvironment {
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  /** Path of a context file. */
  readonly contextFile: string | undefined;
  /** Name of a context. */
  readonly contextName: string | undefined;
  /** The configuration folder, by the XDG Base Directory specification; `undefined` without a home folder. */
  readonly configHome: string | undefined;
  readonly configHomeOrigin: 'environment XDG_CONFIG_HOME' | 'default';
  /** The cache folder for the compiled program; `undefined` without a home folder. */
  readonly compileCache: string | undefined;
  /** File with the CA certificates to trust. */
  readonly caFile: string | undefined;
  /** The same, set for every program. */
  readonly systemCaFile: string | undefined;
  /** The proxies to use, and the hosts to reach without one; `undefined` if none is set. */
  readonly proxies: Readonly<Record<string, string>> | undefined;
  readonly noColor: boolean;
  /** The command as it was typed. */
  readonly calledAs: string;
}

/** The variables that users set, and what each is for. The script `tenure` sets `TENURE_CALLED_AS`. */
export const environmentVariables = {
  TENURE_SERVER: 'address of the API',
  TENURE_TOKEN: 'the bearer token',
  TENURE_TOKEN_FILE: 'file with the bearer token',
  TENURE_CA_FILE: 'file with the CA certificates (PEM) to trust; same as --ca-file',
  TENURE_CONTEXT_NAME: 'name of the context to use; same as --context',
  TENURE_CONTEXT: 'file with one context, {"server": …, "tokenFile": …}',
  XDG_CONFIG_HOME: 'folder of tenure/config.json, where contexts are stored (default: ~/.config)',
  XDG_CACHE_HOME: 'folder of tenure/compiled, a cache of the compiled program for a faster start (default: ~/.cache)',
  SSL_CERT_FILE: 'like TENURE_CA_FILE, but for every program; NODE_EXTRA_CA_CERTS adds more certificates',
  HTTPS_PROXY: 'proxy for https, HTTP_PROXY for http; NO_PROXY: hosts to reach directly. Never used for this machine',
  NO_COLOR: 'any value turns colours off (https://no-color.org)',
} as const;

const proxyVariables = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'];
const localHosts = 'localhost,127.0.0.1,::1,[::1]';

function proxiesIn(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> | undefined {
  const configured = proxyVariables.flatMap((name) =>
    environment[name] === undefined || environment[name] === '' ? [] : [[name, environment[name]] as const],
  );
  if (configured.length === 0) return undefined;
  const noProxy = [environment['no_proxy'] || environment['NO_PROXY'], localHosts].filter(Boolean).join(',');
  return { ...Object.fromEntries(configured), no_proxy: noProxy, NO_PROXY: noProxy };
}

/** The only place where the CLI reads its environment. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CliEnvironment {
  const value = (name: keyof typeof environmentVariables | 'HOME' | 'TENURE_CALLED_AS'): string | undefined =>
    environment[name] || undefined;
  const home = value('HOME');
  // The specification says to ignore a relative path.
  const folder = (name: 'XDG_CONFIG_HOME' | 'XDG_CACHE_HOME'): string | undefined =>
    value(name)?.startsWith('/') === true ? value(name) : undefined;
  const inHome = (name: string): string | undefined => (home === undefined ? undefined : `${home}/${name}`);
  const ownConfigHome = folder('XDG_CONFIG_HOME');
  const cacheHome = folder('XDG_CACHE_HOME') ?? inHome('.cache');
  return {
    server: value('TENURE_SERVER'),
    token: value('TENURE_TOKEN'),
    tokenFile: value('TENURE_TOKEN_FILE'),
    contextFile: value('TENURE_CONTEXT'),
    contextName: value('TENURE_CONTEXT_NAME'),
    configHome: ownConfigHome ?? inHome('.config'),
    configHomeOrigin: ownConfigHome === undefined ? 'default' : 'environment XDG_CONFIG_HOME',
    compileCache: cacheHome === undefined ? undefined : `${cacheHome}/tenure/compiled`,
    caFile: value('TENURE_CA_FILE'),
    systemCaFile: value('SSL_CERT_FILE'),
    proxies: proxiesIn(environment),
    noColor: value('NO_COLOR') !== undefined,
    calledAs: value('TENURE_CALLED_AS') ?? 'tenure',
  };
}
