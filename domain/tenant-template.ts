import type { Config, ConfigValue } from '../contracts/manifests/tenant-config.ts';
import type { TenantTemplateSpec } from '../contracts/manifests/tenant-template.ts';
import type { ServiceSpec } from '../contracts/manifests/tenant.ts';

/** One generation of a template. */
export interface TemplateVersion {
  readonly name: string;
  readonly version: number;
  readonly spec: TenantTemplateSpec;
}

export interface ConfigEntry {
  key: string;
  value: ConfigValue;
  origin: 'template' | 'tenant';
  /** The template's value, if the tenant overrides it. */
  templateValue?: ConfigValue;
}

/**
 * The effective configuration by key, in code-unit order: the tenant's whole value if it sets the key, else the
 * template's.
 */
export function configEntries(template: TemplateVersion | undefined, own: Config | undefined): ConfigEntry[] {
  const templateConfig = template?.spec.config ?? {};
  const keys = [...new Set([...Object.keys(templateConfig), ...Object.keys(own ?? {})])].toSorted();
  // Own fields only: "constructor" is a valid key.
  const valueIn = (config: Config, key: string): ConfigValue | undefined =>
    Object.hasOwn(config, key) ? config[key] : undefined;
  return keys.map((key): ConfigEntry => {
    const [ofTemplate, ofTenant] = [valueIn(templateConfig, key), valueIn(own ?? {}, key)];
    if (ofTenant === undefined) return { key, value: ofTemplate ?? null, origin: 'template' };
    return {
      key,
      value: ofTenant,
      origin: 'tenant',
      ...(ofTemplate === undefined ? {} : { templateValue: ofTemplate }),
    };
  });
}

/** The effective configuration as one object. */
export function effectiveConfig(template: TemplateVersion | undefined, own: Config | undefined): Config {
  return Object.fromEntries(configEntries(template, own).map(({ key, value }) => [key, value]));
}

type Equal = (a: unknown, b: unknown) => boolean;

function mergeByName<Item extends { readonly name: string }>(
  current: readonly Item[],
  from: readonly Item[],
  to: readonly Item[],
  merge: (item: Item, old: Item | undefined, next: Item) => Item,
): Item[] {
  const find = (items: readonly Item[], name: string): Item | undefined => items.find((item) => item.name === name);
  const kept = current.map((item) => {
    const next = find(to, item.name);
    return next === undefined ? item : merge(item, find(from, item.name), next);
  });
  return [...kept, ...to.filter(({ name }) => find(current, name) === undefined)];
}

/**
 * The services of a tenant that moves from one template version to another: a three-way merge, collection by
 * collection. What the tenant has unchanged from the old version becomes what the new version declares; what it has
 * changed or added, it keeps. What the new version no longer has stays as well, because it holds data.
 */
export function rebaseServices(
  current: readonly ServiceSpec[],
  from: readonly ServiceSpec[],
  to: readonly ServiceSpec[],
  equal: Equal,
): ServiceSpec[] {
  return mergeByName(
    current,
    from,
    to,
    ({ collections, ...fields }, old, { collections: nextCollections, ...nextFields }) => {
      const { collections: oldCollections, ...oldFields } = old ?? { collections: [] };
      return {
        ...(equal(fields, oldFields) ? nextFields : fields),
        collections: mergeByName(collections, oldCollections, nextCollections, (item, oldItem, nextItem) =>
          equal(item, oldItem) ? nextItem : item,
        ),
      };
    },
  );
}

/** The part of a tenant's services whose collections came from a version. */
function inherited(current: readonly ServiceSpec[], from: readonly ServiceSpec[]): ServiceSpec[] {
  const collectionsByService = new Map(
    from.map(({ name, collections }) => [name, new Set(collections.map((collection) => collection.name))]),
  );
  return current
    .map((service) => ({
      ...service,
      collections: service.collections.filter(({ name }) => collectionsByService.get(service.name)?.has(name) === true),
    }))
    .filter(({ collections }) => collections.length > 0);
}

/**
 * The services of a tenant that has a template and declares services itself: its own override the template's,
 * collection by collection. What came from an older version stays.
 */
export function overlaidServices(
  declared: readonly ServiceSpec[],
  current: readonly ServiceSpec[],
  from: readonly ServiceSpec[],
  to: readonly ServiceSpec[],
  equal: Equal,
): ServiceSpec[] {
  return rebaseServices(declared, [], rebaseServices(inherited(current, from), from, to, equal), equal);
}
