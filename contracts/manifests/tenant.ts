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
      'Which writes are validated: all (strict, when absent), those of documents that were valid before (moderate), none (off).',
  }),
  validationAction: z.enum(validationActions).optional().meta({
    description:
      'What becomes of a write that is not valid: it is refused (error, when absent), or let through and told in mongod’s log (warn).',
  }),
  indexes: z.array(indexSpecSchema).max(63).default([]).meta({ description: 'Those beside the one on _id.' }),
});

/** The same as it is declared: MongoDB takes all of it. */
const declaredCollectionSchema = collectionSpecSchema
  .extend({ jsonSchema: declaredJsonSchemaDocument.optional() })
  .superRefine(({ jsonSchema, validationLevel, validationAction, indexes }, context) => {
    const flaw = (path: readonly PropertyKey[], message: string): void =>
      context.addIssue({ code: 'custom', message, path: [...path] });
    for (const { path, message } of indexFlaws(indexes)) flaw(['indexes', ...path], message);
    if (jsonSchema === undefined) {
      for (const [field, value] of Object.entries({ validationLevel, validationAction }))
        if (value !== undefined) flaw([field], 'is for a collection with a jsonSchema');
    }
  })
  .meta({
    description:
      'MongoDB takes the schema and all indexes together: no two have one name, none is there twice, and no options contradict each other.',
  });

const collectionsMeta = { description: 'Where the service keeps its documents.' };
const serviceFields = {
  name: nameSchema.meta({ description: 'Unique within the tenant.' }),
  strategy: z
    .enum(serviceStrategies)
    .optional()
    .meta({ description: 'Absent: as the isolation mode says; in mode hybrid, dedicated.' }),
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

/** No two services have one name, and no two collections, in whichever service. */
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

const servicesMeta = { description: 'No two services have one name, and no two collections, in whichever service.' };

/** What a tenant's data is kept in, service by service, as it stands. */
export const servicesSchema = z.array(serviceSpecSchema).min(1).max(50).superRefine(refuseTwice).meta(servicesMeta);

/** The same as it is declared. */
export const declaredServicesSchema = z
  .array(declaredServiceSchema)
  .min(1)
  .max(50)
  .superRefine(refuseTwice)
  .meta(servicesMeta);

const commonSpec = {
  displayName: z.string().min(1).max(128).optional().meta({ description: 'A name for people.' }),
  plan: nameSchema.meta({ description: 'Name of a Plan.' }),
  lifecycle: z
    .enum(declarableLifecycles)
    .optional()
    .meta({ description: 'Where the tenant is to be. Absent: unchanged; Draft for a new one.' }),
  residency: z
    .strictObject({
      allowedRegions: z.array(nameSchema).min(1).max(64).optional().meta({ description: 'Names of Regions.' }),
      jurisdictions: z
        .array(z.string().regex(/^[A-Z]{2,8}$/, 'must be a code such as "EU"'))
        .min(1)
        .max(32)
        .optional()
        .meta({ description: 'Codes as Regions have them, such as EU.' }),
    })
    .optional()
    .meta({ description: 'Where the data may lie; what is not said is not restricted.' }),
  placement: z
    .strictObject({
      mode: z
        .enum(isolationModes)
        .optional()
        .meta({ description: 'How its data is kept apart; dedicated when absent.' }),
      preferredRegion: nameSchema
        .optional()
        .meta({ description: 'Name of a Region, taken while it can take the tenant.' }),
    })
    .optional()
    .meta({ description: 'Where and how the tenant is placed; once it is placed, only a Migration changes it.' }),
  hold: z
    .strictObject({ reason: z.string().min(1).max(512).meta({ description: 'For whoever meets the hold.' }) })
    .optional()
    .meta({
      description:
        'A legal hold: while it stands the tenant is neither deleted nor purged. Absent: unchanged; only its own verbs set and lift it.',
    }),
  config: configSchema.optional().meta({ description: 'What is set otherwise than in the template, or beside it.' }),
};

/** What a tenant should be, as it stands in the registry. */
export const tenantSpecSchema = z.strictObject({
  ...commonSpec,
  template: z.strictObject({ name: nameSchema, version: z.int().positive() }).optional(),
  services: servicesSchema,
});

/** What a tenant should be, as it is declared. Absent `lifecycle`, `placement`, `hold`: unchanged. */
export const declaredTenantSpecSchema = z
  .strictObject({
    ...commonSpec,
    template: z
      .strictObject({
        name: nameSchema.meta({ description: 'Name of a TenantTemplate.' }),
        version: z.int().positive().optional().meta({
          description:
            'A generation of it. Absent: of a new tenant the latest, after that unchanged, for a roll-out to move.',
        }),
      })
      .optional()
      .meta({
        description: 'What it has in common with others: configuration and, unless it declares its own, services.',
      }),
    services: declaredServicesSchema.optional().meta({
      description:
        'Of a tenant with a template they may be left out: then they are those of the template, or what stands.',
    }),
  })
  .refine((spec) => spec.services !== undefined || spec.template !== undefined, {
    message: 'must be declared unless a template is named',
    path: ['services'],
  })
  .meta({ description: 'Services are declared unless a template is named.' });

export const conditionStatuses = ['True', 'False', 'Unknown'] as const;

export const conditionSchema = z.strictObject({
  type: z.string(),
  status: z.enum(conditionStatuses),
  reason: z.string().meta({ description: 'A stable word in UpperCamelCase.' }),
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
    .meta({ description: 'The one that runs.' }),
  pending: z
    .strictObject({ id: uidSchema, kind: z.enum(operationKinds) })
    .optional()
    .meta({ description: 'Begins when the one that runs has been cancelled and undone.' }),
  deletion: z
    .strictObject({ from: z.enum(['Draft', 'Archived']), deleteTime: timeSchema, purgeTime: timeSchema })
    .optional()
    .meta({ description: 'Of a deleted tenant: where undelete leads, and when it is purged.' }),
  plan: z
    .strictObject({ name: nameSchema, generation: z.int().positive(), bindTime: timeSchema })
    .optional()
    .meta({ description: 'The plan that is in effect, as the registry held it when it was bound.' }),
  scheduledPlan: z
    .strictObject({ name: nameSchema, time: timeSchema })
    .optional()
    .meta({ description: 'The plan that is to take effect, and when.' }),
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

/** A tenant as it is declared; `status` and the output-only metadata are ignored. */
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
