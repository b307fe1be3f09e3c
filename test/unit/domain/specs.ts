import * as fc from 'fast-check';
import { isolationModes } from '../../../contracts/lifecycle.ts';
import type { RegionSpec } from '../../../contracts/manifests/region.ts';
import type { TenantSpec } from '../../../contracts/manifests/tenant.ts';
import type { PlacementInput } from '../../../domain/placement.ts';

/** An optional field: present or missing. */
export function optional<T>(field: string, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> {
  return fc.option(arbitrary, { nil: undefined }).map((value) => (value === undefined ? {} : { [field]: value }));
}

/** One object with the fields of several. */
export function merged<T>(...parts: readonly fc.Arbitrary<object>[]): fc.Arbitrary<T> {
  return fc.tuple(...parts).map((objects) => Object.assign({}, ...objects) as T);
}

// Few names, so that a requested name often exists.
export const regionNames = ['eu-north', 'eu-west', 'us-east'] as const;
const regionName = fc.constantFrom(...regionNames);
const jurisdiction = fc.constantFrom('EU', 'US');
const someRegions = fc.uniqueArray(regionName, { minLength: 1 });

const order = fc.constantFrom(1 as const, -1 as const);
const collections = (service: number) =>
  fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }).map((indexCounts) =>
    indexCounts.map((count, at) => ({
      name: `c${service}_${at}`,
      indexes: Array.from({ length: count }, (_, field) => ({ keys: [{ field: `f${field}`, order: 1 as const }] })),
    })),
  );
const service = (at: number) => collections(at).map((declared) => ({ name: `s${at}`, collections: declared }));

export const residencies = merged<NonNullable<TenantSpec['residency']>>(
  optional('allowedRegions', someRegions),
  optional('jurisdictions', fc.uniqueArray(jurisdiction, { minLength: 1 })),
);
export const services = fc
  .tuple(service(0), fc.option(service(1), { nil: undefined }))
  .map((list) => list.filter((one) => one !== undefined));
export const indexKeys = fc.uniqueArray(fc.record({ field: fc.stringMatching(/^[a-z]{1,5}(\.[a-z]{1,5})?$/), order }), {
  selector: (key) => key.field,
  minLength: 1,
  maxLength: 4,
});

/** Specs that the contract accepts and that this version can provision. */
export const tenantSpecs = merged<TenantSpec>(
  fc.record({ plan: fc.constantFrom('startup', 'enterprise'), services }),
  optional('displayName', fc.constantFrom('Acme', 'Łódź')),
  optional('residency', residencies),
  optional(
    'placement',
    merged<object>(optional('mode', fc.constant('dedicated')), optional('preferredRegion', regionName)).filter(
      (placement) => Object.keys(placement).length > 0,
    ),
  ),
);

const regionSpecs = (name: string) =>
  fc.record({
    jurisdiction,
    cells: fc
      .uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1 })
      .chain((numbers) =>
        fc.tuple(
          ...numbers.map((number) =>
            fc.record({ name: fc.constant(`${name}-${number}`), tableBudget: fc.integer({ min: 1, max: 60 }) }),
          ),
        ),
      ),
    acceptsTenants: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
  }) satisfies fc.Arbitrary<RegionSpec>;

const regions = fc
  .subarray([...regionNames])
  .chain((names) => fc.tuple(...names.map((name) => regionSpecs(name).map((spec) => ({ name, spec })))))
  .chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));

/** Inputs of placement; some cells have not been observed. */
export const placementInputs: fc.Arbitrary<PlacementInput> = fc
  .record({
    spec: tenantSpecs,
    plan: merged<PlacementInput['plan']>(
      fc.record({ isolationModes: fc.constant([...isolationModes]), quotas: fc.constant({ tables: 100 }) }),
      optional('allowedRegions', someRegions),
    ),
    regions,
  })
  .chain((input) => {
    const names = input.regions.flatMap((region) => region.spec.cells.map((cell) => cell.name));
    const observation = fc.record({
      reachable: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
      tables: fc.integer({ min: 0, max: 60 }),
    });
    return fc
      .tuple(
        ...names.map((name) =>
          fc.option(
            observation.map((seen) => [name, seen] as const),
            { nil: undefined, freq: 8 },
          ),
        ),
      )
      .map((cells) => ({ ...input, cells: new Map(cells.filter((cell) => cell !== undefined)) }));
  });
