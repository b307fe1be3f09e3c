/*
 * Loaded into a process before anything else, by `NODE_OPTIONS=--import=`: writes down all that the process draws at random,
 * one draw a line as base64, to the file that `TEST_RANDOM_FILE` names. So a test knows also those secrets that never leave it.
 */
import crypto from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { env } from 'node:process';

const { randomBytes } = crypto;
const file = env['TEST_RANDOM_FILE'] ?? '';

/** What is drawn without a callback, as all keys and passwords are. */
function recorded(size: number): Buffer {
  const drawn = randomBytes(size);
  appendFileSync(file, `${drawn.toString('base64')}\n`, { mode: 0o600 });
  return drawn;
}

crypto.randomBytes = ((size: number, callback?: (error: Error | null, drawn: Buffer) => void) =>
  callback === undefined ? recorded(size) : randomBytes(size, callback)) as typeof randomBytes;
syncBuiltinESMExports();
