/** A released version of a tool: major, minor, patch. */
export type Version = readonly [major: number, minor: number, patch: number];

/** From `minimum` (included) to `below` (excluded); `text` is how an error message says it. */
export interface VersionRange {
  readonly minimum: Version;
  readonly below: Version;
  readonly text: string;
}

/** Reads the first `1.2.3` that `pattern`'s first group captures; `undefined` when there is none. */
export function readVersion(output: string, pattern: RegExp): Version | undefined {
  const parts = pattern.exec(output)?.[1]?.split('.').map(Number);
  const [major, minor, patch] = parts ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return [major, minor, patch];
}

/** Negative when `a` is older than `b`, positive when newer, 0 when the same. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Whether the range takes this version. */
export function isInRange(version: Version, range: VersionRange): boolean {
  return compareVersions(version, range.minimum) >= 0 && compareVersions(version, range.below) < 0;
}
