/** What the environment says; an empty variable says nothing. */
export interface CliEnvironment {
  readonly server: string | undefined;
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly contextFile: string | undefined;
  readonly noColor: boolean;
}

/** The only place where the CLI looks at its environment. */
export function readEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): CliEnvironment {
  const value = (name: string): string | undefined => environment[name] || undefined;
  return {
    server: value('TENURE_SERVER'),
    token: value('TENURE_TOKEN'),
    tokenFile: value('TENURE_TOKEN_FILE'),
    contextFile: value('TENURE_CONTEXT'),
    // https://no-color.org
    noColor: value('NO_COLOR') !== undefined,
  };
}
