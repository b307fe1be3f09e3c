import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../tools/stack/ports.ts';

const clone = fileURLToPath(new URL('../..', import.meta.url));

/** What a clone does not have, or what is made in it. */
const leftOut: ReadonlySet<string> = new Set([
  'node_modules',
  '.git',
  '.tenure',
  'build',
  'coverage',
  'workflows/dist',
]);

/** The project as somebody gets it who clones it, with dependencies and ports of its own. */
export interface ProjectCopy {
  readonly folder: string;
  /** For every command of a document: nothing of whoever runs the tests but the tools, and ports that are free. */
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
    // npm says which script it runs before that says anything; the documents leave that out. Contexts of the CLI are those of the document.
    environment: {
      ...Object.fromEntries(inherited),
      ...Object.fromEntries(portVariables),
      npm_config_loglevel: 'silent',
      XDG_CONFIG_HOME: join(folder, '.config'),
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
