import { z } from 'zod';
import { planManifestSchema, planSchema } from '../../contracts/manifests/plan.ts';
import { regionManifestSchema, regionSchema } from '../../contracts/manifests/region.ts';
import { tenantManifestSchema, tenantSchema } from '../../contracts/manifests/tenant.ts';
import { webhookEndpointManifestSchema, webhookEndpointSchema } from '../../contracts/manifests/webhook-endpoint.ts';
import { tenantTemplateManifestSchema, tenantTemplateSchema } from '../../contracts/manifests/tenant-template.ts';
import { auditEntrySchema } from '../../contracts/audit.ts';
import { eventSchema } from '../../contracts/event.ts';
import { operationSchema } from '../../contracts/operation.ts';
import { rolloutSchema } from '../../contracts/rollout.ts';
import { tombstoneSchema } from '../../contracts/tombstone.ts';
import { usageFailure } from '../failure.ts';
import { didYouMean } from '../text/wording.ts';
import { kindOf } from './kinds.ts';
import type { ResourceKind } from './kinds.ts';

/** The part of JSON Schema that the contracts use. */
export interface FieldSchema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly required?: readonly string[];
  readonly items?: FieldSchema;
  readonly additionalProperties?: FieldSchema | boolean;
  readonly propertyNames?: FieldSchema;
  readonly anyOf?: readonly FieldSchema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

/** A field of a kind of resource, or the resource itself. */
export interface Field {
  /** `tenant.spec.residency` */
  readonly path: string;
  readonly schema: FieldSchema;
  /** Whether its parent requires it. */
  readonly required: boolean;
  /** Read only: Tenure sets it, and ignores it in a manifest. */
  readonly outputOnly: boolean;
}

interface KindSchemas {
  readonly read: z.ZodType;
  /** Absent if the kind is not declared by manifests. */
  readonly written?: z.ZodType;
}

const kinds: Readonly<Record<ResourceKind['singular'], KindSchemas>> = {
  tenant: { read: tenantSchema, written: tenantManifestSchema },
  template: { read: tenantTemplateSchema, written: tenantTemplateManifestSchema },
  plan: { read: planSchema, written: planManifestSchema },
  region: { read: regionSchema, written: regionManifestSchema },
  webhook: { read: webhookEndpointSchema, written: webhookEndpointManifestSchema },
  operation: { read: operationSchema },
  event: { read: eventSchema },
  entry: { read: auditEntrySchema },
  'roll-out': { read: rolloutSchema },
  tombstone: { read: tombstoneSchema },
};

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): FieldSchema {
  return z.toJSONSchema(schema, { io }) as FieldSchema;
}

/** The fields below a field. The fields of list entries and of mapping values count as its own. */
export function childrenOf(schema: FieldSchema): Readonly<Record<string, FieldSchema>> {
  if (schema.properties !== undefined) return schema.properties;
  if (schema.items !== undefined) return childrenOf(schema.items);
  return typeof schema.additionalProperties === 'object' ? childrenOf(schema.additionalProperties) : {};
}

/** Names of the required fields below a field. */
export function requiredOf(schema: FieldSchema): readonly string[] {
  if (schema.properties !== undefined) return schema.required ?? [];
  if (schema.items !== undefined) return requiredOf(schema.items);
  return typeof schema.additionalProperties === 'object' ? requiredOf(schema.additionalProperties) : [];
}

/** Fields that a manifest may contain because `get` prints them; they are ignored there. */
const ignoredInManifests = new Set([
  'metadata.uid',
  'metadata.generation',
  'metadata.revision',
  'metadata.createTime',
  'metadata.updateTime',
  'metadata.time',
]);

/**
 * Finds `KIND` or `KIND.field.field`. Writable fields are described as in a manifest, read-only fields as in an answer.
 * @throws CliFailure usage, for an unknown kind or field, with a suggestion
 */
export function findField(path: string): Field {
  const [word = '', ...names] = path.split('.');
  const { singular } = kindOf(word);
  const { read, written } = kinds[singular];
  const asRead = jsonSchema(read, 'output');
  const found = written === undefined ? undefined : descend(jsonSchema(written, 'input'), names);
  // A manifest takes anything in `status`, because it is ignored. The fields come from the schema for reading.
  const isIgnored = names[0] === 'status' || ignoredInManifests.has(names.join('.'));
  const readOnly = written === undefined || found === undefined || isIgnored;
  const field = (readOnly ? descend(asRead, names) : undefined) ?? found;
  if (field === undefined)
    throw unknownField(
      singular,
      names,
      written === undefined ? asRead : withStatus(jsonSchema(written, 'input'), asRead),
    );
  return { path: [singular, ...names].join('.'), ...field, outputOnly: readOnly };
}

function withStatus(written: FieldSchema, read: FieldSchema): FieldSchema {
  const status = read.properties?.['status'];
  return { ...written, properties: { ...written.properties, ...(status === undefined ? {} : { status }) } };
}

function descend(schema: FieldSchema, names: readonly string[]): Pick<Field, 'schema' | 'required'> | undefined {
  let at = schema;
  let required = true;
  for (const name of names) {
    const children = childrenOf(at);
    const child = Object.hasOwn(children, name) ? children[name] : undefined;
    if (child === undefined) return undefined;
    required = requiredOf(at).includes(name);
    at = child;
  }
  return { schema: at, required };
}

function unknownField(kind: string, names: readonly string[], root: FieldSchema) {
  const known = names.findIndex((_, index) => descend(root, names.slice(0, index + 1)) === undefined);
  const parent = [kind, ...names.slice(0, known)].join('.');
  const name = names[known] ?? '';
  const fields = Object.keys(childrenOf(descend(root, names.slice(0, known))?.schema ?? root));
  return usageFailure(
    `${parent} has no field "${name}"`,
    didYouMean(
      name,
      fields,
      fields.length === 0 ? `it has no fields: tenure explain ${parent}` : `use one of ${fields.join(', ')}`,
    ),
  );
}

/** Names of the fields below a kind or field, for completion; empty for an unknown field. */
export function fieldNames(path: string): readonly string[] {
  try {
    return Object.keys(childrenOf(findField(path).schema));
  } catch {
    return [];
  }
}
