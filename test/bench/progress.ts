/** Says on standard error what is measured now, with the time since the start: nobody is left before a silent terminal. */
export function progress(what: string): void {
  console.error(`${(performance.now() / 1000).toFixed(0).padStart(5)} s  ${what}`);
}
