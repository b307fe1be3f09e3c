/** A released version of a tool: major, minor, patch. */
export type Version = readonly [major: number, minor: number, patch: number];

/** From `minimum` (inclusive) to `below` (exclusive); `text` is for error messages. */
export interface VersionRange {
  readonly minimum: Version;
  readonly below: Version;
  readonly text: string;
}

/** Reads the `1.2.3` in the first group of `pattern`; `undefined` if there is no match. */
export function readVersion(output: string, pattern: RegExp): Version | undefined {
  const parts = pattern.exec(output)?.[1]?.split('.').map(Number);
  const [major, minor, patch] = parts ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return undefined;
  return [major, minor, patch];
}

/** Negative if `a` is older than `b`, positive if it is newer, 0 if they are equal. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** Whether the version is in the range. */
export function isInRange(version: Version, range: VersionRange): boolean {
  return compareVersions(version, range.minimum) >= 0 && compareVersions(version, range.below) < 0;
}
