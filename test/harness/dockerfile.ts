/** A COPY of a Dockerfile. */
export interface Copy {
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

/** One stage of a Dockerfile, with only what it contains itself. */
export interface Stage {
  readonly name: string;
  /** An image, or an earlier stage. */
  readonly base: string;
  readonly copies: readonly Copy[];
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | undefined;
  readonly command: readonly string[] | undefined;
  readonly healthCheck: readonly string[] | undefined;
}

/** Reads the instructions that the Dockerfile of this project uses. @throws Error for any other instruction */
export function readDockerfile(text: string): Stage[] {
  const lines = text
    .replaceAll(/^#.*$/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const stages: { -readonly [Key in keyof Stage]: Stage[Key] extends readonly (infer Item)[] ? Item[] : Stage[Key] }[] =
    [];
  for (const line of lines) {
    const [, instruction = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const stage = stages.at(-1);
    if (instruction === 'FROM') {
      const [, base = '', name = ''] = /^(\S+) AS (\S+)$/.exec(rest) ?? [];
      stages.push({
        name,
        base,
        copies: [],
        environment: {},
        user: undefined,
        command: undefined,
        healthCheck: undefined,
      });
    } else if (stage === undefined) {
      throw new Error(`"${line}" is before the first stage`);
    } else if (instruction === 'COPY') {
      const [, from, paths = ''] = /^(?:--from=(\S+) )?(.*)$/.exec(rest) ?? [];
      const words = paths.split(/\s+/);
      stage.copies.push({ from, sources: words.slice(0, -1), target: words.at(-1) ?? '' });
    } else if (instruction === 'ENV') {
      const [name = '', value = ''] = rest.split('=');
      stage.environment = { ...stage.environment, [name]: value };
    } else if (instruction === 'USER') {
      stage.user = rest;
    } else if (instruction === 'CMD' || instruction === 'ENTRYPOINT') {
      stage.command = JSON.parse(rest) as string[];
    } else if (instruction === 'HEALTHCHECK') {
      stage.healthCheck = JSON.parse(/CMD (\[.*\])$/.exec(rest)?.[1] ?? '[]') as string[];
    } else if (!['RUN', 'WORKDIR', 'EXPOSE'].includes(instruction)) {
      throw new Error(`unknown instruction: "${line}"`);
    }
  }
  return stages;
}

/** The stage and the stages it is built on, the lowest one first. */
export function lineage(stages: readonly Stage[], name: string): Stage[] {
  const stage = stages.find((candidate) => candidate.name === name);
  return stage === undefined ? [] : [...lineage(stages, stage.base), stage];
}
