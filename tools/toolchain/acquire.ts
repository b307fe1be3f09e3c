import { OperatorError } from '../process/operator-error.ts';
import { cacheDirectory, createToolCache } from './cache.ts';
import { prove } from './prove.ts';
import { sources as allSources } from './sources.ts';
import type { Source } from './sources.ts';
import { mongod, opa, temporal } from './tools.ts';
import type { StackTool, Tool, ToolName, VendorTool } from './tools.ts';

export interface AcquireOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Called with one line for each tool that was fetched, and with one if that takes long. */
  readonly report: (line: string) => void;
  readonly sources?: Readonly<Record<ToolName, readonly Source[]>>;
}

const SLOW_AFTER_MS = 2_000;
const stackTools = [temporal, mongod] as const;

/**
 * Paths of verified binaries of the tools that the stack needs: the one that a variable names; otherwise one on PATH
 * with a supported version; otherwise a cached one; otherwise a new one from the first source that works, which is then
 * cached. Throws {@link OperatorError} with the attempts and the fix.
 */
export async function acquireToolchain(options: AcquireOptions): Promise<Record<StackTool, string>> {
  const [temporalPath, mongodPath] = await Promise.all(stackTools.map((tool) => acquireTool(tool, options)));
  return { temporal: temporalPath!, mongod: mongodPath! };
}

/** The environment variables with which other processes use the same binaries without searching for them. */
export function toolVariables(paths: Partial<Record<VendorTool, string>>): Record<string, string> {
  return Object.fromEntries(
    [...stackTools, opa].flatMap(({ name, variable }) => (paths[name] === undefined ? [] : [[variable, paths[name]]])),
  );
}

/** As {@link acquireToolchain}, for one tool. */
export async function acquireTool(tool: Tool, options: AcquireOptions): Promise<string> {
  const own = options.environment[tool.variable];
  if (own) {
    const proof = await prove(tool, own);
    if (proof.ok) return own;
    throw new OperatorError(
      `${tool.variable}=${own} ${proof.reason}; set it to the path of ${tool.accepts.text}, or unset it to download one`,
    );
  }

  const onPath = await prove(tool, tool.name);
  if (onPath.ok) return tool.name;
  const attempts = [/ENOENT/.test(onPath.reason) ? 'not on PATH' : `on PATH: ${onPath.reason}`];

  const cache = createToolCache(tool, cacheDirectory(options.environment));
  const kept = await cache.find();
  if (kept?.ok) return kept.path;
  return await fetchTool(tool, options, attempts);
}

async function fetchTool(tool: Tool, options: AcquireOptions, attempts: string[]): Promise<string> {
  const cache = createToolCache(tool, cacheDirectory(options.environment));
  const lock = await cache.lock((pid) => options.report(`${tool.name}: process ${pid} is installing it; waiting`));
  try {
    const kept = await cache.find();
    if (kept?.ok) return kept.path;

    for (const source of (options.sources ?? allSources)[tool.name]) {
      const started = performance.now();
      const elapsed = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
      const slow = setTimeout(
        () => options.report(`${tool.name}: ${[...attempts, source.label].join('; ')} in progress …`),
        SLOW_AFTER_MS,
      );
      try {
        const proof = await prove(tool, await source.obtain(await cache.createIncoming()));
        if (!proof.ok) throw new Error(proof.reason);
        const path = await cache.keep(proof);
        options.report(
          `${tool.name}: ${[...attempts, source.label].join('; ')}: ${proof.version.join('.')} in ${elapsed()}`,
        );
        return path;
      } catch (error) {
        attempts.push(`${source.label}: ${error instanceof Error ? error.message : String(error)} (${elapsed()})`);
      } finally {
        clearTimeout(slow);
        await cache.clearIncoming();
      }
    }
  } finally {
    lock.release();
  }
  throw new OperatorError(
    `${tool.name} is required but could not be installed: ${attempts.join('; ')}. ` +
      `Fix: ${tool.installHint}, or set ${tool.variable} to the path of a binary`,
  );
}
