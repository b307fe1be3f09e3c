import { gzipSync } from 'node:zlib';
import type { ProblemCode } from '../../../contracts/problems.ts';
import type { HttpRequest } from '../../harness/http-exchange.ts';
import { tenantManifest } from '../../harness/manifests.ts';

export const json = { 'content-type': 'application/json' };
export const create = { 'if-none-match': '*' };
export const manifest = tenantManifest('acme');
export const [service] = manifest.spec.services;

/** A PUT of the tenant "acme" that is valid except for the change. */
export const put = (change: Partial<HttpRequest>): HttpRequest => ({
  method: 'PUT',
  path: '/v1/tenants/acme',
  headers: { ...json, ...create },
  body: manifest,
  ...change,
});
export const withSpec = (spec: object): HttpRequest =>
  put({ body: { ...manifest, spec: { ...manifest.spec, ...spec } } });
export const withCollection = (collection: object): HttpRequest =>
  withSpec({ services: [{ ...service, collections: [{ name: 'orders', ...collection }] }] });
/** A manifest as text, in which `"here"` is replaced. */
export const withText = (text: string): HttpRequest =>
  put({
    body: JSON.stringify({ ...manifest, spec: { ...manifest.spec, displayName: 'here' } }).replace('"here"', text),
  });
export const verb = (path: string, body: object, query = ''): HttpRequest => ({
  method: 'POST',
  path: `/v1/tenants/acme:${path}${query}`,
  body,
  headers: { 'if-match': '*', 'idempotency-key': path },
});
export const template = (change: object): HttpRequest => ({
  method: 'PUT',
  path: '/v1/templates/shop',
  body: { apiVersion: 'tenure/v1', kind: 'TenantTemplate', metadata: { name: 'shop' }, spec: {}, ...change },
  headers: create,
});
/** A roll-out of a template that exists. */
export const rollOut = (body: object): HttpRequest => ({
  method: 'POST',
  path: '/v1/templates/standing:roll-out',
  body,
  headers: { 'idempotency-key': 'roll-out' },
});
export const spaces = (bytes: number): string => `${' '.repeat(bytes)}${JSON.stringify(manifest)}`;

export interface BadInput {
  readonly name: string;
  readonly request: HttpRequest;
  readonly code?: ProblemCode;
  readonly pointer?: string;
}

/** Each is refused, and leaves no trace. */
export const badInput: readonly BadInput[] = [
  { name: 'malformed JSON', request: put({ body: '{"apiVersion": ' }) },
  { name: 'no body', request: { method: 'PUT', path: '/v1/tenants/acme', headers: create } },
  { name: 'a string as the body', request: put({ body: '"acme"' }) },
  { name: 'null as the body', request: put({ body: 'null' }) },
  {
    name: 'null as an optional body',
    request: { method: 'POST', path: '/v1/tenants/acme:open', body: 'null', headers: json },
  },
  {
    name: 'null as the body of a verb',
    request: {
      ...verb('activate', {}),
      body: 'null',
      headers: { ...json, 'if-match': '*', 'idempotency-key': 'null' },
    },
  },
  {
    name: 'a malformed Idempotency-Key in a dry run',
    request: put({ path: '/v1/tenants/acme?dryRun=true', headers: { ...json, ...create, 'idempotency-key': 'a b' } }),
  },
  { name: 'an array as the body', request: put({ body: [manifest] }) },
  { name: 'an unknown field of the manifest', request: put({ body: { ...manifest, specs: {} } }), pointer: '/specs' },
  { name: 'an unknown field of spec', request: withSpec({ colour: 'red' }), pointer: '/spec/colour' },
  {
    name: 'a deeply nested unknown field',
    request: withSpec({ services: [{ ...service, collections: [{ name: 'orders', index: [] }] }] }),
    pointer: '/spec/services/0/collections/0/index',
  },
  {
    name: 'an unknown field of metadata',
    request: put({ body: { ...manifest, metadata: { name: 'acme', owner: 'me' } } }),
    pointer: '/metadata/owner',
  },
  { name: 'a wrong type', request: withSpec({ plan: 7 }), pointer: '/spec/plan' },
  { name: 'a missing field', request: withSpec({ plan: undefined }), pointer: '/spec/plan' },
  {
    name: 'another version of the API',
    request: put({ body: { ...manifest, apiVersion: 'tenure/v2' } }),
    pointer: '/apiVersion',
  },
  { name: 'another kind', request: put({ body: { ...manifest, kind: 'Plan' } }), pointer: '/kind' },
  {
    name: 'a lifecycle that cannot be declared',
    request: withSpec({ lifecycle: 'Deleted' }),
    pointer: '/spec/lifecycle',
  },
  { name: 'a name that differs from the path', request: put({ path: '/v1/tenants/other' }), pointer: '/metadata/name' },
  { name: 'a name that is not a DNS label', request: put({ path: '/v1/tenants/Acme' }), pointer: '/name' },
  { name: 'a name that is too long', request: put({ path: `/v1/tenants/${'a'.repeat(64)}` }), pointer: '/name' },
  { name: 'a path that is not UTF-8', request: put({ path: '/v1/tenants/%E0%A4%A' }) },
  {
    name: 'an invalid label key',
    request: put({ body: { ...manifest, metadata: { name: 'acme', labels: { 'Not This': 'x' } } } }),
    pointer: '/metadata/labels/Not This',
  },
  {
    name: 'a collection declared twice',
    request: withSpec({ services: [service, { ...service, name: 'again' }] }),
    pointer: '/spec/services',
  },
  {
    name: 'a collection name that MongoDB reserves',
    request: withCollection({ name: 'systemUsers' }),
    pointer: '/spec/services/0/collections/0/name',
  },
  {
    name: 'an index that names a field twice',
    request: withCollection({ indexes: [{ keys: [{ field: 'a' }, { field: 'a', order: -1 }] }] }),
    pointer: '/spec/services/0/collections/0/indexes/0/keys',
  },
  {
    name: 'an index on a field name with a NUL',
    request: withCollection({ indexes: [{ keys: [{ field: 'a\0b' }] }] }),
    pointer: '/spec/services/0/collections/0/indexes/0/keys/0/field',
  },
  {
    name: 'a JSON schema with "$" keys',
    request: withCollection({ jsonSchema: { $ref: '#' } }),
    pointer: '/spec/services/0/collections/0/jsonSchema/$ref',
  },
  {
    name: 'a JSON schema with a number that is too large',
    request: withText(
      '"x"},"kind":"Tenant","spec":{"plan":"startup","services":[{"name":"shop","collections":[{"name":"a","jsonSchema":{"maximum":1e999}}]}]',
    ),
  },
  {
    name: 'a number that is too large, in the status, which is ignored',
    request: put({
      headers: { ...json, ...create, 'idempotency-key': 'endless' },
      body: JSON.stringify({ ...manifest, status: { x: 'here' } }).replace('"here"', '1e400'),
    }),
    pointer: '/status/x',
  },
  {
    name: 'a body where none is accepted',
    request: {
      method: 'DELETE',
      path: '/v1/tenants/acme',
      body: { early: true },
      headers: { 'if-match': '*', 'idempotency-key': 'delete' },
    },
  },
  {
    name: 'a body where none is accepted, and one that could not be stored',
    request: {
      method: 'DELETE',
      path: '/v1/tenants/acme',
      body: String.raw`{"a":"\ud800"}`,
      headers: { ...json, 'if-match': '*', 'idempotency-key': 'delete' },
    },
  },
  {
    name: 'half of a surrogate pair in a string',
    request: withText(String.raw`"\ud800"`),
    pointer: '/spec/displayName',
  },
  { name: 'half of a surrogate pair in a field name', request: withText(String.raw`"x","\udfff":1`), pointer: '/spec' },
  { name: 'the field name "__proto__"', request: withText('"x","__proto__":{"plan":"startup"}'), pointer: '/spec' },
  {
    name: 'the field name "_bsontype" where any JSON is allowed',
    request: withCollection({ jsonSchema: { properties: { a: { _bsontype: 'ObjectId' } } } }),
    pointer: '/spec/services/0/collections/0/jsonSchema/properties/a',
  },
  {
    name: 'a NUL in a field name where any JSON is allowed',
    request: withCollection({ jsonSchema: { properties: { 'a\0b': {} } } }),
    pointer: '/spec/services/0/collections/0/jsonSchema/properties/a\0b',
  },
  {
    name: 'a NUL in a nested field name of a configuration',
    request: withSpec({ config: { theme: [{ 'a\0b': 1 }] } }),
    pointer: '/spec/config/theme/0/a\0b',
  },
  {
    name: 'a NUL in a nested field name of a template',
    request: template({ spec: { config: { theme: { 'a\0b': 1 } } } }),
    pointer: '/spec/config/theme/a\0b',
  },
  {
    name: 'an integer that a number cannot represent, in a configuration',
    request: withText(String.raw`"x","config":{"seats":{"most":9007199254740993}}`),
    pointer: '/spec/config/seats/most',
  },
  {
    name: 'an integer that a number cannot represent, in a JSON Schema',
    request: put({
      headers: { ...json, ...create },
      body: JSON.stringify(withCollection({ jsonSchema: { properties: { a: { maximum: 4711 } } } }).body).replace(
        '4711',
        '12345678901234567890',
      ),
    }),
    pointer: '/spec/services/0/collections/0/jsonSchema/properties/a/maximum',
  },
  {
    name: 'an integer that a number cannot represent, in the status, which is ignored',
    request: put({
      headers: { ...json, ...create },
      body: JSON.stringify({ ...manifest, status: 'here' }).replace('"here"', '-9007199254740993'),
    }),
    pointer: '/status',
  },
  {
    name: 'an integer that a number cannot represent, in a template',
    request: put({
      path: '/v1/templates/standard',
      headers: { ...json, ...create },
      body: '{"apiVersion":"tenure/v1","kind":"TenantTemplate","metadata":{"name":"standard"},"spec":{"config":{"a":[1,9007199254740993]}}}',
    }),
    pointer: '/spec/config/a/1',
  },
  {
    name: 'a field that appears twice in one object',
    request: withText('"x","config":{"a":{"b":1,"b":2}}'),
    pointer: '/spec/config/a/b',
  },
  {
    name: 'a body in UTF-16',
    request: put({
      body: Buffer.from(JSON.stringify(manifest), 'utf16le'),
      headers: { ...create, 'content-type': 'application/json; charset=utf-16le' },
    }),
    code: 'media_type_unsupported',
  },
  {
    name: 'a nesting of 65 levels',
    request: withCollection({ jsonSchema: JSON.parse(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`) }),
    pointer: `/spec/services/0/collections/0/jsonSchema${'/a'.repeat(59)}`,
  },
  { name: 'a depth bomb', request: withText(`${'['.repeat(200_000)}${']'.repeat(200_000)}`) },
  {
    name: 'a depth bomb of objects where any JSON is allowed',
    request: withCollection({ jsonSchema: JSON.parse(`${'{"a":'.repeat(60)}1${'}'.repeat(60)}`) }),
  },
  {
    name: 'a depth bomb in the status, which is ignored',
    request: put({
      headers: { ...json, ...create, 'idempotency-key': 'bomb' },
      body: JSON.stringify({ ...manifest, status: 'here' }).replace(
        '"here"',
        `${'['.repeat(200_000)}${']'.repeat(200_000)}`,
      ),
    }),
  },
  { name: 'a body of 2 MB', request: put({ body: spaces(2_000_000) }), code: 'body_too_large' },
  {
    name: 'a small body that unpacks to 2 MB',
    request: put({ body: gzipSync(spaces(2_000_000)), headers: { ...json, ...create, 'content-encoding': 'gzip' } }),
    code: 'body_too_large',
  },
  {
    name: 'a body of plain text',
    request: put({ body: JSON.stringify(manifest), headers: { ...create, 'content-type': 'text/plain' } }),
    code: 'media_type_unsupported',
  },
  {
    name: 'a form',
    request: put({ body: 'kind=Tenant', headers: { ...create, 'content-type': 'application/x-www-form-urlencoded' } }),
    code: 'media_type_unsupported',
  },
  {
    name: 'a body without a content type',
    request: put({ body: Buffer.from(JSON.stringify(manifest)), headers: create }),
    code: 'media_type_unsupported',
  },
  {
    name: 'a body in another charset',
    request: put({
      body: Buffer.from(JSON.stringify(manifest)),
      headers: { ...create, 'content-type': 'application/json; charset=iso-8859-1' },
    }),
    code: 'media_type_unsupported',
  },
  {
    name: 'a body in an unknown encoding',
    request: put({ body: 'x', headers: { ...json, ...create, 'content-encoding': 'zip' } }),
    code: 'media_type_unsupported',
  },
  {
    name: 'a query parameter that the route does not accept',
    request: put({ path: '/v1/tenants/acme?preempt=true' }),
    pointer: '/preempt',
  },
  {
    name: 'a query parameter that is neither true nor false',
    request: put({ path: '/v1/tenants/acme?force=yes' }),
    pointer: '/force',
  },
  {
    name: 'a query parameter of a change by manifest, at a verb',
    request: verb('suspend', {}, '?force=true'),
    pointer: '/force',
  },
  {
    name: 'a field in the body of a verb that accepts none',
    request: verb('suspend', { reason: 'debt' }),
    pointer: '/reason',
  },
  { name: 'a hold without a reason', request: verb('hold', {}), pointer: '/reason' },
  { name: 'a hold with an empty reason', request: verb('hold', { reason: '' }), pointer: '/reason' },
  {
    name: 'a change of plan without a plan',
    request: verb('change-plan', { time: '2126-01-01T00:00:00.000Z' }),
    pointer: '/plan',
  },
  {
    name: 'a change of plan at an invalid time',
    request: verb('change-plan', { plan: 'startup', time: 'soon' }),
    pointer: '/time',
  },
  { name: 'a purge whose "early" is a string', request: verb('purge', { early: 'yes' }), pointer: '/early' },
  { name: 'a rollback to generation 0', request: verb('rollback', { generation: 0 }), pointer: '/generation' },
  {
    name: 'a template name that differs from the path',
    request: template({ metadata: { name: 'other' } }),
    pointer: '/metadata/name',
  },
  { name: 'a plan in a template', request: template({ spec: { plan: 'startup' } }), pointer: '/spec/plan' },
  { name: 'a wave without tenants', request: rollOut({ waves: ['0%'] }), pointer: '/waves/0' },
  { name: 'a roll-out without waves', request: rollOut({ waves: [] }), pointer: '/waves' },
  { name: 'a roll-out to version 0', request: rollOut({ version: 0 }), pointer: '/version' },
  {
    name: 'a roll-out with an invalid label selector',
    request: rollOut({ labelSelector: 'env in (' }),
    pointer: '/labelSelector',
  },
  { name: 'an empty page size', request: { path: '/v1/tenants?pageSize=' }, pointer: '/pageSize' },
  { name: 'a page size beyond the limit', request: { path: '/v1/tenants?pageSize=501' }, pointer: '/pageSize' },
  { name: 'two page sizes', request: { path: '/v1/tenants?pageSize=1&pageSize=2' }, pointer: '/pageSize' },
  { name: 'an unknown operation state', request: { path: '/v1/operations?state=stuck' }, pointer: '/state' },
  { name: 'an invalid operation id', request: { path: '/v1/operations/7' }, pointer: '/id' },
  {
    name: 'a wait that is too long',
    request: { path: '/v1/operations/01hzzzzzzzzzzzzzzzzzzzzza1:wait?timeoutSeconds=61' },
    pointer: '/timeoutSeconds',
  },
  { name: 'a weak ETag', request: put({ headers: { 'if-match': 'W/"1"' } }) },
  { name: 'an ETag without quotes', request: put({ headers: { 'if-match': '1' } }) },
  { name: 'If-None-Match with an ETag, for a change', request: put({ headers: { 'if-none-match': '"1"' } }) },
  { name: 'two preconditions at once', request: put({ headers: { ...create, 'if-match': '"1"' } }) },
  { name: 'an Idempotency-Key with a space', request: put({ headers: { ...create, 'idempotency-key': 'a b' } }) },
  {
    name: 'an address longer than 64 KiB',
    request: { path: `/v1/tenants?labelSelector=${'a'.repeat(66_000)}` },
    code: 'headers_too_large',
  },
  {
    name: 'an Idempotency-Key that is too long',
    request: put({ headers: { ...create, 'idempotency-key': 'k'.repeat(256) } }),
  },
];
