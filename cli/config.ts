/** What the environment says; an empty variable says nothing. */
export interface CliEnvironment {
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  /** Path of a context's file. */
  readonly contextFile: string | undefined;
  /** Name of a context. */
  readonly contextName: string | undefined;
  /** The folder for configuration, as the XDG Base Directory specification has it; `undefined` where there is no home either. */
  readonly configHome: string | undefined;
  readonly configHomeOrigin: 'environment XDG_CONFIG_HOME' | 'default';
  /** The folder where the compiled program is kept; `undefined` where there is no home. */
  readonly compileCache: string | undefined;
  /** File of the certificates of the authorities to trust. */
  readonly caFile: string | undefined;
  /** The same for every program. */
  readonly systemCaFile: string | undefined;
  /** By which proxies to go, and where to without one; `undefined` where none is set. */
  readonly proxies: Readonly<Record<string, string>> | undefined;
  readonly noColor: boolean;
  /** What was typed to call the program. */
  readonly calledAs: string;
}

/** The variables that people set, with what each is for. `TENURE_CALLED_AS` is set by the script `tenure`. */
export const environmentVariables = {
  TENURE_SERVER: 'address of the API',
  TENURE_TOKEN: 'the bearer token itself',
  TENURE_TOKEN_FILE: 'file that holds the bearer token',
  TENURE_CA_FILE: 'file with the certificates (PEM) of the authorities to trust, as --ca-file',
  TENURE_CONTEXT_NAME: 'name of the context to use, as --context',
  TENURE_CONTEXT: 'file of one context, {"server": …, "tokenFile": …}',
  XDG_CONFIG_HOME: 'folder of tenure/config.json, which holds the contexts (default: ~/.config)',
  XDG_CACHE_HOME:
    'folder of tenure/compiled, which keeps the compiled program so that it starts faster (default: ~/.cache)',
  SSL_CERT_FILE: 'the same as TENURE_CA_FILE, for every program; NODE_EXTRA_CA_CERTS adds to what is trusted',
  HTTPS_PROXY:
    'proxy to go by, as HTTP_PROXY for http addresses; NO_PROXY: hosts to reach without. Never used for this machine',
  NO_COLOR: 'set to anything: no colours (https://no-color.org)',
} as const;

const proxyVariables = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'];
const thisMachine = 'localhost,127.0.0.1,::1,[::1]';

function proxiesIn(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> | undefined {
  const set = proxyVariables.flatMap((name) =>
    environment[name] === undefined || environment[name] === '' ? [] : [[name, environment[name]] as const],
  );
  if (set.length === 0) return undefined;
  const without = [environment['no_proxy'] || environment['NO_PROXY'], thisMachine].filter(Boolean).join(',');
  return { ...Object.fromEntries(set), no_proxy: without, NO_PROXY: without };
}

/** The only place where the CLI looks at its environment. */
export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): CliEnvironment {
  const value = (name: keyof typeof environmentVariables | 'HOME' | 'TENURE_CALLED_AS'): string | undefined =>
    environment[name] || undefined;
  const home = value('HOME');
  // The specification has a relative path ignored.
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
