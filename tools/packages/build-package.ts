import { copyFileSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';

import { readImports } from '../checks/import-directions.ts';
import { OperatorError } from '../process/operator-error.ts';
import { runCommand } from '../process/run-command.ts';
import { packageManifest } from './package-manifest.ts';
import type { ProjectManifest } from './package-manifest.ts';
import type { PublishedPackage } from './published-packages.ts';

const COMPILE_TIMEOUT_MS = 120_000;
const PACK_TIMEOUT_MS = 60_000;

/**
 * Compiles a package into `<outDirectory>/<room>` and packs it; returns the path of the tarball. The package has the
 * same folders as the project, so that paths relative to a source are also valid relative to its compiled file.
 * @throws OperatorError with the message of the compiler or of npm
 */
export async function buildPackage(
  definition: PublishedPackage,
  { clone, outDirectory }: { readonly clone: string; readonly outDirectory: string },
): Promise<string> {
  const directory = join(outDirectory, definition.room);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await compile(definition, clone, directory);

  const project = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as ProjectManifest;
  const manifest = packageManifest(definition, project, importedPackages(directory));
  writeFileSync(join(directory, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(join(clone, 'LICENSE'), join(directory, 'LICENSE'));
  copyFileSync(join(clone, definition.room, 'README.md'), join(directory, 'README.md'));

  const packed = await runCommand('npm', ['pack', '--json', '--pack-destination', outDirectory], {
    timeoutMs: PACK_TIMEOUT_MS,
    cwd: directory,
  });
  if (packed.code !== 0) throw new OperatorError(`npm pack of ${definition.name} failed:\n${packed.stderr}`);
  return join(outDirectory, tarballName(packed.stdout));
}

/** The compiler follows the imports of the entries, so the package contains nothing else of the project. */
async function compile(
  { name, entries, commands = {} }: PublishedPackage,
  clone: string,
  directory: string,
): Promise<void> {
  const configuration = join(directory, 'tsconfig.json');
  writeFileSync(
    configuration,
    JSON.stringify({
      extends: join(clone, 'tsconfig.json'),
      compilerOptions: {
        ...{ noEmit: false, declaration: Object.keys(entries).length > 0, rewriteRelativeImportExtensions: true },
        ...{ rootDir: clone, outDir: directory, typeRoots: [join(clone, 'node_modules', '@types')] },
      },
      include: [],
      files: [...Object.values(entries), ...Object.values(commands)].map((source) => join(clone, source)),
    }),
  );
  const result = await runCommand(process.execPath, [join(clone, 'node_modules', '.bin', 'tsc'), '-p', configuration], {
    timeoutMs: COMPILE_TIMEOUT_MS,
    cwd: clone,
  });
  rmSync(configuration);
  if (result.code !== 0) throw new OperatorError(`${name} does not compile:\n${result.stdout}${result.stderr}`);
}

function importedPackages(directory: string): Set<string> {
  const specifiers = globSync('**/*.{js,d.ts}', { cwd: directory })
    .flatMap((file) => readImports(readFileSync(join(directory, file), 'utf8')))
    .map(({ specifier }) => specifier)
    .filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier));
  return new Set(specifiers.map((specifier) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0]));
}

/** npm 11 prints a list, npm 12 an object by package. */
function tarballName(output: string): string {
  const [packed] = Object.values(JSON.parse(output) as Record<string, { filename: string }>);
  return packed!.filename;
}
