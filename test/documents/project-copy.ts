import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../tools/stack/ports.ts';

const clone = fileURLToPath(new URL('../..', import.meta.url));

/** Not copied: what a fresh clone does not have, except the bundle of the workflows, and the repository itself. */
const leftOut: ReadonlySet<string> = new Set(['node_modules', '.git', '.tenure', 'build', 'coverage']);

/** The project as in a fresh clone with its dependencies installed, and with its own ports. */
export interface ProjectCopy {
  readonly folder: string;
  /** For every command of a document: free ports, and no settings of Tenure, npm or Node from outside but the tools. */
  readonly environment: NodeJS.ProcessEnv;
  remove(): void;
}

export async function copyProject(): Promise<ProjectCopy> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tenure-documents-')));
  cpSync(clone, folder, {
    recursive: true,
    filter: (source) => !leftOut.has(relative(clone, source).split(sep).join('/')),
  });
  symlinkSync(join(clone, 'node_modules'), join(folder, 'node_modules'));
  const ports = await freePorts();
  const portVariables = Object.entries(ports).map(([name, port]) => [
    `TENURE_PORT_${name
      .replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
      .replaceAll('-', '_')
      .toUpperCase()}`,
    String(port),
  ]);
  const tools = new Set(['TENURE_TEMPORAL', 'TENURE_MONGOD', 'TENURE_OPA', 'TENURE_TOOL_CACHE']);
  const inherited = Object.entries(process.env).filter(
    ([name]) => (!name.startsWith('TENURE_') || tools.has(name)) && !/^npm_|^NODE_/.test(name),
  );
  return {
    folder,
    // npm prints which script it runs, which the documents leave out. The CLI has only the contexts of the document.
    environment: {
      ...Object.fromEntries(inherited),
      ...Object.fromEntries(portVariables),
      npm_config_loglevel: 'silent',
      XDG_CONFIG_HOME: join(folder, '.config'),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
