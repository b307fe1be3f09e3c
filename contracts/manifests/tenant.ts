import { z } from 'zod';
import { collectionNameSchema, nameSchema, timeSchema, uidSchema } from '../identifiers.ts';
import {
  declarableLifecycles,
  isolationModes,
  lifecycleStates,
  operationKinds,
  serviceStrategies,
} from '../lifecycle.ts';
import { apiVersion, manifestField, metadataSchema } from './metadata.ts';
import { indexFlaws } from './index-flaws.ts';
import { indexSpecSchema } from './index-spec.ts';
import { declaredJsonSchemaDocument, jsonSchemaDocument } from './json-schema-document.ts';
import { configSchema } from './tenant-config.ts';

const validationLevels = ['strict', 'moderate', 'off'] as const;
const validationActions = ['error', 'warn'] as const;

export const collectionSpecSchema = z.strictObject({
  name: collectionNameSchema.meta({ description: 'Unique among all services of the tenant.' }),
  jsonSchema: jsonSchemaDocument.optional(),
  validationLevel: z.enum(validationLevels).optional().meta({
    description:
      'Which writes are validated: all (strict, the default), only inserts and updates of documents that are already valid (moderate), or none (off).',
  }),
  validationAction: z.enum(validationActions).optional().meta({
    description:
      'What happens to an invalid write: it is rejected (error, the default), or allowed and written to the mongod log (warn).',
  }),
  indexes: z.array(indexSpecSchema).max(63).default([]).meta({ description: 'Indexes in addition to the one on _id.' }),
});

/** The same collection in a manifest, where MongoDB must accept all of it. */
const declaredCollectionSchema = collectionSpecSchema
  .extend({ jsonSchema: declaredJsonSchemaDocument.optional() })
  .superRefine(({ jsonSchema, validationLevel, validationAction, indexes }, context) => {
    const flaw = (path: readonly PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', message, path: [...path] });
    for (const { path, message } of indexFlaws(indexes)) flaw(['indexes', ...path], message);
    if (jsonSchema === undefined) {
      for (const [field, value] of Object.entries({ validationLevel, validationAction }))
        if (value !== undefined) flaw([field], 'is allowed only for a collection with a jsonSchema');
    }
  })
  .meta({
    description:
      'MongoDB must accept the schema and all indexes together: names are unique, there are no duplicate indexes, and no options conflict.',
  });

const collectionsMeta = { description: 'Collections of the service.' };
const serviceFields = {
  name: nameSchema.meta({ description: 'Unique within the tenant.' }),
  strategy: z.enum(serviceStrategies).optional().meta({
    description: 'Isolation strategy of the service. Default: the isolation mode; in mode hybrid, dedicated.',
  }),
};
const serviceSpecSchema = z.strictObject({
  ...serviceFields,
  collections: z.array(collectionSpecSchema).min(1).max(200).meta(collectionsMeta),
});
const declaredServiceSchema = z.strictObject({
  ...serviceFields,
  collections: z.array(declaredCollectionSchema).min(1).max(200).meta(collectionsMeta),
});

function duplicates(values: readonly string[]): string[] {
  const seen = new Set<string>();
  return [...new Set(values.filter((value) => seen.size === seen.add(value).size))];
}

/** Service names must be unique, and so must collection names across all services. */
function refuseTwice(
  services: readonly { readonly name: string; readonly collections: readonly { readonly name: string }[] }[],
  context: z.core.$RefinementCtx,
): void {
  for (const name of duplicates(services.map((service) => service.name))) {
    context.addIssue({ code: 'custom', message: `must not name the service "${name}" twice` });
  }
  for (const name of duplicates(
    services.flatMap((service) => service.collections.map((collection) => collection.name)),
  )) {
    context.addIssue({ code: 'custom', message: `must not declare the collection "${name}" twice` });
  }
}

const servicesMeta = { description: 'Service names are unique, and collection names are unique across all services.' };

/** The services of a tenant with their collections, as stored. */
export const servicesSchema = z.array(serviceSpecSchema).min(1).max(50).superRefine(refuseTwice).meta(servicesMeta);

/** The same services in a manifest. */
export const declaredServicesSchema = z
  .array(declaredServiceSchema)
  .min(1)
  .max(50)
  .superRefine(refuseTwice)
  .meta(servicesMeta);

const commonSpec = {
  displayName: z.string().min(1).max(128).optional().meta({ description: 'Human-readable name.' }),
  plan: nameSchema.meta({ description: 'Name of a Plan.' }),
  lifecycle: z
    .enum(declarableLifecycles)
    .optional()
    .meta({ description: 'Desired lifecycle state. If omitted: unchanged, or Draft for a new tenant.' }),
  residency: z
    .strictObject({
      allowedRegions: z.array(nameSchema).min(1).max(64).optional().meta({ description: 'Names of Regions.' }),
      jurisdictions: z
        .array(z.string().regex(/^[A-Z]{2,8}$/, 'must be a code such as "EU"'))
        .min(1)
        .max(32)
        .optional()
        .meta({ description: 'Codes of jurisdictions, as in Regions, such as EU.' }),
    })
    .optional()
    .meta({ description: 'Where the data may be stored. Omitted fields set no restriction.' }),
  placement: z
    .strictObject({
      mode: z.enum(isolationModes).optional().meta({ description: 'How the data is isolated. Default: dedicated.' }),
      preferredRegion: nameSchema
        .optional()
        .meta({ description: 'Name of a Region. It is chosen if it can host the tenant.' }),
    })
    .optional()
    .meta({
      description: 'Where and how the tenant is placed. Once the tenant is placed, only a Migration can change this.',
    }),
  hold: z
    .strictObject({
      reason: z.string().min(1).max(512).meta({ description: 'Reason, shown to callers that the hold blocks.' }),
    })
    .optional()
    .meta({
      description:
        'Legal hold: the tenant cannot be deleted or purged while it is set. If omitted: unchanged. Only the verbs hold and release-hold set and release it.',
    }),
  config: configSchema.optional().meta({ description: 'Configuration that overrides or extends the template.' }),
};

/** The spec of a tenant, as stored in the registry. */
export const tenantSpecSchema = z.strictObject({
  ...commonSpec,
  template: z.strictObject({ name: nameSchema, version: z.int().positive() }).optional(),
  services: servicesSchema,
});

/** The spec of a tenant in a manifest. If `lifecycle`, `placement` or `hold` is omitted, it does not change. */
export const declaredTenantSpecSchema = z
  .strictObject({
    ...commonSpec,
    template: z
      .strictObject({
        name: nameSchema.meta({ description: 'Name of a TenantTemplate.' }),
        version: z.int().positive().optional().meta({
          description:
            'Generation of the template. If omitted: the latest for a new tenant, otherwise unchanged. Roll-outs change it.',
        }),
      })
      .optional()
      .meta({
        description: 'Template that provides the configuration and, unless the tenant declares its own, the services.',
      }),
    services: declaredServicesSchema.optional().meta({
      description:
        'Services of the tenant. Optional with a template: if omitted, the services of the template, or the current ones, apply.',
    }),
  })
  .refine((spec) => spec.services !== undefined || spec.template !== undefined, {
    message: 'is required unless a template is set',
    path: ['services'],
  })
  .meta({ description: 'Services are required unless a template is set.' });

export const conditionStatuses = ['True', 'False', 'Unknown'] as const;

export const conditionSchema = z.strictObject({
  type: z.string(),
  status: z.enum(conditionStatuses),
  reason: z.string().meta({ description: 'Stable identifier in UpperCamelCase.' }),
  message: z.string(),
  observedGeneration: z.int().nonnegative(),
  lastTransitionTime: timeSchema,
});

export const placementStatusSchema = z.strictObject({
  region: nameSchema,
  cell: nameSchema,
  mode: z.enum(isolationModes),
  database: z.string(),
});

const tenantStatusSchema = z.strictObject({
  lifecycle: z.enum(lifecycleStates),
  observedGeneration: z.int().nonnegative(),
  conditions: z.array(conditionSchema),
  placement: placementStatusSchema.optional(),
  operation: z
    .strictObject({ id: uidSchema, kind: z.enum(operationKinds) })
    .optional()
    .meta({ description: 'The running operation.' }),
  pending: z
    .strictObject({ id: uidSchema, kind: z.enum(operationKinds) })
    .optional()
    .meta({ description: 'The operation that starts when the running one has been cancelled and undone.' }),
  deletion: z
    .strictObject({ from: z.enum(['Draft', 'Archived']), deleteTime: timeSchema, purgeTime: timeSchema })
    .optional()
    .meta({
      description: 'Only for a deleted tenant: the state to which undelete returns, and when the tenant is purged.',
    }),
  plan: z
    .strictObject({ name: nameSchema, generation: z.int().positive(), bindTime: timeSchema })
    .optional()
    .meta({ description: 'The plan in effect, in the generation that was current when it was bound.' }),
  scheduledPlan: z
    .strictObject({ name: nameSchema, time: timeSchema })
    .optional()
    .meta({ description: 'The scheduled plan, and when it takes effect.' }),
});

/** A tenant as it is read. */
export const tenantSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('Tenant'),
    metadata: metadataSchema,
    spec: tenantSpecSchema,
    status: tenantStatusSchema,
  })
  .meta({ title: 'Tenant' });

/** A tenant manifest; `status` and the output-only metadata are ignored. */
export const tenantManifestSchema = z
  .strictObject({
    apiVersion: manifestField.apiVersion,
    kind: manifestField.kind('Tenant'),
    metadata: manifestField.metadata,
    spec: declaredTenantSpecSchema,
    status: manifestField.status,
  })
  .meta({ title: 'TenantManifest' });

export type CollectionSpec = z.infer<typeof collectionSpecSchema>;
export type ServiceSpec = z.infer<typeof serviceSpecSchema>;
export type TenantSpec = z.infer<typeof tenantSpecSchema>;
export type DeclaredTenantSpec = z.infer<typeof declaredTenantSpecSchema>;
export type Condition = z.infer<typeof conditionSchema>;
export type PlacementStatus = z.infer<typeof placementStatusSchema>;
export type Tenant = z.infer<typeof tenantSchema>;
export type TenantManifest = z.infer<typeof tenantManifestSchema>;
