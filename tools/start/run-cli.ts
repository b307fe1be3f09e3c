import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const clone = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `./tenure` with these arguments in this terminal; resolves with its exit code. */
export async function runCli(dataDirectory: string, commandArguments: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [entry, ...commandArguments], {
    cwd: clone,
    stdio: 'inherit',
    env: {
      ...process.env,
      TENURE_CONTEXT: join(dataDirectory, 'context.json'),
      TENURE_CONTEXT_NAME: '',
      TENURE_CALLED_AS: './tenure',
    },
  });
  return await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
