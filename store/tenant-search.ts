import type { Document, Filter } from 'mongodb';
import { everyTenant } from '../domain/tenant-facets.ts';
import type { TenantFilter } from '../domain/tenant-filter.ts';
import type { ControlDatabase } from './control-database.ts';
import { searchIndex } from './control-database.ts';
import { onControl } from './control-errors.ts';
import type { StoredResource, TenantDocument } from './documents.ts';
import { mapSized, readSized, readWithin } from './reading.ts';
import type { Sized } from './reading.ts';
import { upgradeOnRead } from './storage-versions.ts';
import { withoutSearchKeys } from './tenant-search-keys.ts';

export interface SearchPage {
  /** Names after this one. */
  readonly after?: string;
  readonly limit: number;
  /** Only these, if given. */
  readonly uids?: readonly string[];
}

export interface Found {
  /** By name, ascending. */
  readonly tenants: readonly TenantDocument[];
  /** Present if fewer than `limit` were found and names are left: the last name that was checked. */
  readonly searchedTo?: string;
}

export interface Scan {
  /** By name, ascending. */
  readonly tenants: AsyncIterable<Sized<TenantDocument>>;
  /** Present if fewer than `limit` come and names are left: the last name that was checked. */
  readonly searchedTo?: string;
}

export interface TenantSearch {
  /**
   * Tenants that match the filter. The work of one call is bounded, so a filter that matches few of many tenants may
   * return fewer than there are: `searchedTo` says where to continue.
   */
  scan(filter: TenantFilter, page: SearchPage): Promise<Scan>;
  /** The same, collected into an array of no more than one query reads. */
  search(filter: TenantFilter, page: SearchPage): Promise<Found>;
  /** The number of tenants that match the filter. Reads all that have its rarest facet. */
  count(filter: TenantFilter): Promise<number>;
}

/**
 * Documents that one call examines. They cost about 7 µs each if they do not fit into mongod's cache; index keys cost a
 * twentieth of that.
 */
const defaultMaxExamined = 1_500;

type StoredFilter = Filter<StoredResource>;

/**
 * Written as an expression, because the planner takes no index bounds from expressions: the bounds must come from the
 * leading facet.
 */
function residual(filter: TenantFilter, lead: readonly string[] | undefined): StoredFilter {
  const conditions = filter.requirements
    .filter(({ facets }) => facets !== lead)
    .map(({ must, facets }): Document => {
      const any = { $or: facets.map((facet) => ({ $in: [{ $literal: facet }, '$facets'] })) };
      return must === 'haveOneOf' ? any : { $not: [any] };
    });
  return conditions.length === 0 ? {} : { $expr: { $and: conditions } };
}

export function createTenantSearch(
  { resources }: Pick<ControlDatabase, 'resources'>,
  { maxExamined = defaultMaxExamined } = {},
): TenantSearch {
  const read = (filter: StoredFilter, limit: number, hint: string): AsyncIterable<Sized<TenantDocument>> =>
    mapSized(
      readSized(resources, filter, { hint, projection: withoutSearchKeys, sort: { name: 1 }, limit }),
      (document) => upgradeOnRead(document as TenantDocument),
    );

  /**
   * The rarest of the sets of which a tenant must have one facet, with the number of tenants that have one, counted
   * only up to the limit.
   */
  async function rarest(
    base: StoredFilter,
    sets: readonly (readonly string[])[],
  ): Promise<{ readonly facets: readonly string[]; readonly atMost: number }> {
    const [firstSet = [everyTenant], ...others] = sets;
    if (others.length === 0) return { facets: firstSet, atMost: Infinity };
    const limit = maxExamined + 1;
    const counted = await Promise.all(
      sets.map(async (facets) => ({
        facets,
        atMost: await resources
          .countDocuments({ ...base, facets: { $in: [...facets] } }, { hint: searchIndex, limit })
          .then((count) => (count < limit ? count : Infinity)),
      })),
    );
    return counted.reduce((best, candidate) => (candidate.atMost < best.atMost ? candidate : best));
  }

  async function scan(filter: TenantFilter, { after, limit, uids }: SearchPage): Promise<Scan> {
    const { lifecycles, namePrefix, requirements } = filter;
    const name = { $gte: namePrefix, $lt: `${namePrefix}\uFFFF`, ...(after === undefined ? {} : { $gt: after }) };
    const base: StoredFilter = { kind: 'Tenant', lifecycle: { $in: [...lifecycles] }, name };
    if (uids !== undefined) {
      // Sorted by name only: whole documents could exceed what mongod can sort in memory.
      const found = await resources
        .aggregate<{ _id: string }>(
          [
            { $match: { ...base, _id: { $in: [...uids] }, ...residual(filter, undefined) } },
            { $project: { name: 1 } },
            { $sort: { name: 1 } },
            { $limit: limit },
          ],
          { hint: '_id_' },
        )
        .toArray();
      return { tenants: read({ ...base, _id: { $in: found.map(({ _id }) => _id) } }, limit, '_id_') };
    }

    const lead = await rarest(
      base,
      requirements.filter(({ must }) => must === 'haveOneOf').map(({ facets }) => facets),
    );
    const leadFilter: StoredFilter = { ...base, facets: { $in: [...lead.facets] } };
    const rest = residual(filter, lead.facets);
    const all = (): Scan => ({ tenants: read({ ...leadFilter, ...rest }, limit, searchIndex) });
    if (lead.atMost <= maxExamined || Object.keys(rest).length === 0) return all();

    const [last] = await resources
      .find(leadFilter, { hint: searchIndex, projection: { _id: 0, name: 1 } })
      .sort({ name: 1 })
      .skip(maxExamined - 1)
      .limit(1)
      .toArray();
    if (last === undefined) return all();
    return {
      tenants: read({ ...leadFilter, ...rest, name: { ...name, $lte: last.name } }, limit, searchIndex),
      searchedTo: last.name,
    };
  }

  async function search(filter: TenantFilter, page: SearchPage): Promise<Found> {
    const { tenants: found, searchedTo } = await scan(filter, page);
    const { documents: tenants, more } = await readWithin(found);
    const to = more ? tenants.at(-1)?.name : tenants.length === page.limit ? undefined : searchedTo;
    return { tenants, ...(to === undefined ? {} : { searchedTo: to }) };
  }

  async function countAll(filter: TenantFilter): Promise<number> {
    const { lifecycles, namePrefix, requirements } = filter;
    const base: StoredFilter = {
      kind: 'Tenant',
      lifecycle: { $in: [...lifecycles] },
      name: { $gte: namePrefix, $lt: `${namePrefix}\uFFFF` },
    };
    const lead = await rarest(
      base,
      requirements.filter(({ must }) => must === 'haveOneOf').map(({ facets }) => facets),
    );
    return resources.countDocuments(
      { ...base, facets: { $in: [...lead.facets] }, ...residual(filter, lead.facets) },
      { hint: searchIndex },
    );
  }

  return {
    scan: (filter, page) => onControl(() => scan(filter, page)),
    search: (filter, page) => onControl(() => search(filter, page)),
    count: (filter) => onControl(() => countAll(filter)),
  };
}
