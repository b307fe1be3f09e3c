import { tenantManifest } from '../harness/manifests.ts';

const mebi = 1024 * 1024;
const times = (count: number, one: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => one(index)).join(',');
const withServices = (services: string): string =>
  `{"apiVersion":"tenure/v1","kind":"Tenant","metadata":{"name":"hostile"},"spec":{"plan":"startup","services":${services}}}`;
const filled = (begin: string, one: (index: number) => string, end: string): string => {
  const parts: string[] = [];
  for (let [index, length] = [0, begin.length + end.length]; ; index += 1) {
    const part = one(index);
    length += part.length + 1;
    if (length >= mebi) return `${begin}${parts.join(',')}${end}`;
    parts.push(part);
  }
};

/** Manifest bodies, each at a limit or beyond it: as large, deep, wide and invalid as a caller can send them. */
export const hostileBodies: Readonly<Record<string, string>> = {
  'a megabyte of unknown fields': filled('{', (index) => `"k${index}":0`, '}'),
  'as many unknown fields as an object may have': `{${times(9_999, (index) => `"unheard-of-field-${index}":0`)}}`,
  'unknown fields in every collection': withServices(
    `[${times(15, (service) => `{"name":"s${service}","collections":[${times(9, () => `{${times(1_000, (index) => `"k${index}":0`)}}`)}]}`)}]`,
  ),
  'half a million flaws': withServices(
    `[${times(50, () => `{"collections":[${times(145, () => `{"indexes":[${times(63, () => '0')}]}`)}]}`)}]`,
  ),
  'as many flaws as are collected': withServices(
    `[${times(50, () => `{"collections":[${times(6, () => `{"indexes":[${times(63, () => '0')}]}`)}]}`)}]`,
  ),
  'as many flaws as a body may have values': withServices(
    `[${times(50, () => `{"collections":[${times(45, () => `{"indexes":[${times(63, () => '0')}]}`)}]}`)}]`,
  ),
  'invalid labels': `{"apiVersion":"tenure/v1","kind":"Tenant","metadata":{"name":"hostile","labels":{${times(9_999, (index) => `"K${index}":"x"`)}}},"spec":{"plan":"startup"}}`,
  'a megabyte of empty objects': filled('{"status":[', () => '{}', ']}'),
  'as many values as a body may have': `{"status":[${times(9_990, () => '[0,0,0,0,0,0,0,0,0,0,0,0,0,0]')}]}`,
  'objects without common fields': `{"status":[${times(9_990, (index) => `{"a${index}":0,"b${index}":0,"c${index}":0,"d${index}":0}`)}]}`,
  'one field of a megabyte': `{"${'k'.repeat(mebi - 10)}":0}`,
  'a name of a megabyte': JSON.stringify({
    ...tenantManifest('hostile'),
    metadata: { name: 'n'.repeat(mebi - 2_000) },
  }),
  'a megabyte of nested brackets': `${'['.repeat(mebi / 2)}${']'.repeat(mebi / 2)}`,
  'a valid manifest of a megabyte': JSON.stringify(
    tenantManifest('hostile', {
      services: [
        { name: 'shop', collections: [{ name: 'orders', jsonSchema: { description: 'x'.repeat(mebi - 2_000) } }] },
      ],
    }),
  ),
};
