const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `500ms`, `90s`, `2m` or `1h` as whole milliseconds, rounded; `undefined` for anything else. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d{1,6}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  return match === null ? undefined : Math.round(Number(match[1]) * unitMs[match[2] as 'ms' | 's' | 'm' | 'h']);
}

/** The two largest units that matter at this size: `340ms`, `12.4s`, `3m20s`, `5h`, `4d`. */
export function formatDurationMs(durationMs: number): string {
  const ms = Math.max(0, Math.round(durationMs));
  if (ms < unitMs.s) return `${ms}ms`;
  if (ms < unitMs.m) return `${Number((ms / unitMs.s).toFixed(1))}s`;
  if (ms < unitMs.h) return joined(Math.floor(ms / unitMs.m), 'm', Math.floor((ms % unitMs.m) / unitMs.s), 's');
  if (ms < 2 * unitMs.d) return joined(Math.floor(ms / unitMs.h), 'h', Math.floor((ms % unitMs.h) / unitMs.m), 'm');
  return `${Math.floor(ms / unitMs.d)}d`;
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;
}

/** How long ago an RFC 3339 time was, in whole seconds. */
export function formatAge(time: string, nowMs: number): string {
  return formatDurationMs(Math.floor(Math.max(0, nowMs - Date.parse(time)) / 1000) * 1000).replace(/^0ms$/, '0s');
}

/** From one time to another, or to now if it has not ended; empty if it has not started. */
export function formatSpan(startTime: string | undefined, endTime: string | undefined, nowMs: number): string {
  if (startTime === undefined) return '';
  return formatDurationMs((endTime === undefined ? nowMs : Date.parse(endTime)) - Date.parse(startTime));
}
