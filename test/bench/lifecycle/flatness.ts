import { percentile } from '../figure.ts';
import type { Figure } from '../figure.ts';
import { floorName } from '../path-floor.ts';

/** How long an operation took at one size, measured alternately with its floor. */
export interface SizedSamples {
  readonly at: string;
  readonly product: readonly number[];
  readonly floor: readonly number[];
}

/** A larger growth is more than noise. */
const flatAtMost = 1.2;

const inFloors = ({ product, floor }: SizedSamples): number => percentile(product, 0.5) / percentile(floor, 0.5);

/**
 * The curve of an operation over sizes, and whether it is flat: how much its ratio to its floor has grown from the
 * first size to the last. The ratio is compared because minutes pass between the two, and the machine changes
 * meanwhile.
 */
export function curve(operation: string, sizes: readonly SizedSamples[]): Figure[] {
  const rows = sizes.map((size): Figure => ({
    name: `${operation}, ${size.at}, p50`,
    value: percentile(size.product, 0.5),
    unit: 'ms',
    floor: { name: floorName, value: percentile(size.floor, 0.5) },
    goal: { of: 'none' },
  }));
  const [first, last] = [sizes[0], sizes.at(-1)];
  if (first === undefined || last === undefined || first === last) return rows;
  return [
    ...rows,
    {
      name: `  in floors, ${last.at}`,
      value: inFloors(last),
      unit: 'x',
      floor: { name: first.at, value: inFloors(first) },
      goal: { of: 'ratio', atMost: flatAtMost },
    },
  ];
}
