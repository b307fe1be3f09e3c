/** A noun with its indefinite article: `a tenant`, `an operation`. */
export function withArticle(noun: string): string {
  return `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours each cost one. */
function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Infinity;
  for (let i = 1; i <= a.length; i += 1) {
    const row: number[] = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, at(i - 2, j - 2) + 1);
      row.push(cost);
    }
  }
  return at(a.length, b.length);
}

/** The most similar candidate, with at most a third of its letters wrong, and at most three. Ignores case. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: { candidate: string; wrong: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > 3) continue;
    const wrong = distance(word.toLowerCase(), candidate.toLowerCase());
    if (wrong <= Math.min(3, Math.ceil(candidate.length / 3)) && (best === undefined || wrong < best.wrong))
      best = { candidate, wrong };
  }
  return best?.candidate;
}

/** `did you mean "x"?`, or `otherwise` if no candidate is similar. */
export function didYouMean(word: string, candidates: readonly string[], otherwise: string): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? otherwise : `did you mean "${meant}"?`;
}
