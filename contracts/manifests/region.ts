import { z } from 'zod';
import { nameSchema } from '../identifiers.ts';
import { apiVersion, manifestField, metadataSchema } from './metadata.ts';

/**
 * A place with one or more cells. The address and credentials of a cell are deployment secrets, so they are not part of
 * a manifest.
 */
export const regionSpecSchema = z
  .strictObject({
    displayName: z.string().min(1).max(128).optional().meta({ description: 'Human-readable name.' }),
    jurisdiction: z
      .string()
      .regex(/^[A-Z]{2,8}$/, 'must be a code such as "EU"')
      .meta({ description: 'Jurisdiction of the region, such as EU.' }),
    cells: z
      .array(
        z.strictObject({
          name: nameSchema.meta({ description: 'Key of the cell in the cells file of the API and the worker.' }),
          tableBudget: z
            .int()
            .min(1)
            .max(1_000_000)
            .default(20_000)
            .meta({ description: 'Maximum number of collections plus indexes on the cell.' }),
        }),
      )
      .min(1)
      .max(1000)
      .meta({ description: 'MongoDB deployments that hold tenant data.' }),
    acceptsTenants: z
      .boolean()
      .default(true)
      .meta({ description: 'Whether new tenants may be placed in this region.' }),
  })
  .refine((spec) => new Set(spec.cells.map((cell) => cell.name)).size === spec.cells.length, {
    message: 'must not name a cell twice',
    path: ['cells'],
  })
  .meta({ description: 'Cell names are unique.' });

export const regionSchema = z
  .strictObject({
    apiVersion: z.literal(apiVersion),
    kind: z.literal('Region'),
    metadata: metadataSchema,
    spec: regionSpecSchema,
  })
  .meta({ title: 'Region' });

export const regionManifestSchema = z
  .strictObject({
    apiVersion: manifestField.apiVersion,
    kind: manifestField.kind('Region'),
    metadata: manifestField.metadata,
    spec: regionSpecSchema,
    status: manifestField.status,
  })
  .meta({ title: 'RegionManifest' });

export type RegionSpec = z.infer<typeof regionSpecSchema>;
export type Region = z.infer<typeof regionSchema>;
