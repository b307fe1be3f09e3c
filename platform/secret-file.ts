import { statSync } from 'node:fs';

/** Who may read a secret file: `private`: only its owner and group; `any`: everyone whom the file mode allows. */
export const secretFileAccesses = ['private', 'any'] as const;
export type SecretFileAccess = (typeof secretFileAccesses)[number];

const groupMayWrite = 0o020;
const othersMayWrite = 0o002;
const othersMayRead = 0o004;

function modeOf(path: string): number {
  // Windows has other access rules, which the mode does not show.
  return process.platform === 'win32' ? 0 : statSync(path).mode & 0o777;
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`;
}

/**
 * What is wrong with the permissions of a secret file, and the fix; `undefined` if they are correct. The group may read
 * it, because that is how Kubernetes mounts a secret for a non-root process.
 */
export function secretFileFlaw(path: string, access: SecretFileAccess): string | undefined {
  const mode = modeOf(path);
  if ((mode & (othersMayRead | othersMayWrite | groupMayWrite)) === 0 || access === 'any') return undefined;
  const what = (mode & othersMayRead) === 0 ? 'others can change' : 'others can read';
  return `names a secret file that ${what} (mode ${octal(mode)}): run chmod 600 ${path}; in Kubernetes, mount it with defaultMode 0440 and fsGroup; where nobody else can access it, such as in a dedicated container, set TENURE_SECRET_FILE_ACCESS=any`;
}

/** The same check for a file that holds no secret but decides whom the process trusts. */
export function trustedFileFlaw(path: string): string | undefined {
  const mode = modeOf(path);
  return (mode & othersMayWrite) === 0
    ? undefined
    : `names a file that others can change (mode ${octal(mode)}), which lets them decide who gets access: run chmod o-w ${path}`;
}
