import { join } from 'node:path';
import { writePrivately } from '../stack/secrets.ts';
import type { EmbeddedStack } from '../stack/embedded-stack.ts';

const operatorTokenSeconds = 7 * 24 * 60 * 60;

/** Writes an operator token, valid for a week, and the context in which `./tenure` finds the token and the API. */
export async function writeOperatorContext(stack: EmbeddedStack, server: string): Promise<void> {
  const tokenFile = join(stack.dataDirectory, 'operator.token');
  writePrivately(
    tokenFile,
    await stack.mintToken({ subject: 'operator@embedded', roles: ['admin'], ttlSeconds: operatorTokenSeconds }),
  );
  writePrivately(join(stack.dataDirectory, 'context.json'), JSON.stringify({ server, tokenFile }));
}
