/*
 * Loaded into a process before anything else, by `NODE_OPTIONS=--import=`. Writes all random bytes that the process
 * draws to the file that `TEST_RANDOM_FILE` names: one draw per line, as base64. So a test also knows the secrets that
 * never leave the process.
 */
import crypto from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { env } from 'node:process';

const { randomBytes } = crypto;
const file = env['TEST_RANDOM_FILE'] ?? '';

/** Records draws without a callback. All keys and passwords are drawn this way. */
function recorded(size: number): Buffer {
  const drawn = randomBytes(size);
  appendFileSync(file, `${drawn.toString('base64')}\n`, { mode: 0o600 });
  return drawn;
}

crypto.randomBytes = ((size: number, callback?: (error: Error | null, drawn: Buffer) => void) =>
  callback === undefined ? recorded(size) : randomBytes(size, callback)) as typeof randomBytes;
syncBuiltinESMExports();
