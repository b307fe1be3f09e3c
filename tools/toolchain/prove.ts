import { runCommand } from '../process/run-command.ts';
import type { Tool } from './tools.ts';
import { isInRange, readVersion } from './version.ts';
import type { Version } from './version.ts';

export type Proof =
  | { readonly ok: true; readonly path: string; readonly version: Version }
  | { readonly ok: false; readonly reason: string };

/**
 * Runs the binary and reads its version. The proof is `ok` only if it runs on this machine and its version is
 * supported.
 */
export async function prove(tool: Tool, path: string): Promise<Proof> {
  const result = await runCommand(path, tool.versionArguments, { timeoutMs: 20_000 });
  if (result.code !== 0) {
    const said = result.stderr.trim().split('\n')[0] ?? '';
    return { ok: false, reason: `does not run (${said === '' ? `exit code ${result.code}` : said})` };
  }
  const version = readVersion(result.stdout, tool.versionPattern);
  if (version === undefined) {
    return { ok: false, reason: `is not ${tool.name} ("${result.stdout.trim().split('\n')[0] ?? ''}")` };
  }
  if (!isInRange(version, tool.accepts)) {
    return { ok: false, reason: `version ${version.join('.')} is not supported; supported: ${tool.accepts.text}` };
  }
  return { ok: true, path, version };
}
