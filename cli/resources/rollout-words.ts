import type { Rollout } from '../../contracts/rollout.ts';

/** The counts of its tenants: `3 changed, 1 failed`. */
export function rolloutCounts(counts: Rollout['counts']): string {
  const { changed, changing, failed, skipped } = counts;
  return [
    `${changed} changed`,
    ...Object.entries({ changing, failed, skipped }).flatMap(([word, count]) =>
      count === 0 ? [] : [`${count} ${word}`],
    ),
  ].join(', ');
}

/** A roll-out and its state, on one line. */
export function rolloutLine({ id, template, version, state, counts }: Rollout): string {
  return `roll-out/${id} (${template}@${version}) ${state}, ${rolloutCounts(counts)}`;
}
