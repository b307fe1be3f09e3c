import { statSync } from 'node:fs';

/** Who may read a file that holds secrets: nobody but its owner and group, or whoever the file's mode lets. */
export const secretFileAccesses = ['private', 'any'] as const;
export type SecretFileAccess = (typeof secretFileAccesses)[number];

const groupMayWrite = 0o020;
const othersMayWrite = 0o002;
const othersMayRead = 0o004;

function modeOf(path: string): number {
  // Windows has other rules, of which a mode says nothing.
  return process.platform === 'win32' ? 0 : statSync(path).mode & 0o777;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

/**
 * What is wrong with who may read or change a file of secrets, and the fix; `undefined` when nothing is. Its group may read it, for
 * that is how Kubernetes gives a mounted secret to a process that is not root.
 */
export function secretFileFlaw(path: string, access: SecretFileAccess): string | undefined {
  const mode = modeOf(path);
  if ((mode & (othersMayRead | othersMayWrite | groupMayWrite)) === 0 || access === 'any') return undefined;
  const what = (mode & othersMayRead) === 0 ? 'others may change' : 'others may read';
  return `names a file of secrets that ${what} (mode ${octal(mode)}): chmod 600 ${path}; in Kubernetes mount it with defaultMode 0440 and fsGroup; where nobody else can get at it, as in a container of its own, set TENURE_SECRET_FILE_ACCESS=any`;
}

/** The same of a file that holds no secret but decides whom the process trusts. */
export function trustedFileFlaw(path: string): string | undefined {
  const mode = modeOf(path);
  return (mode & othersMayWrite) === 0
    ? undefined
    : `names a file that others may change (mode ${octal(mode)}), and so decide who is let in: chmod o-w ${path}`;
}
