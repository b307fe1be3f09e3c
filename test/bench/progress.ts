/** Writes to standard error what is measured now, with the time since the start, so that the terminal is not silent. */
export function progress(what: string): void {
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${what}`);
}
