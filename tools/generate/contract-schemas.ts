import { z } from 'zod';
import { accessVerdictSchema, callerSchema } from '../../contracts/access.ts';
import {
  driftReportSchema,
  placementExplanationSchema,
  planPreviewSchema,
  tenantConfigReportSchema,
} from '../../contracts/tenant-reports.ts';
import { auditEntrySchema } from '../../contracts/audit.ts';
import { eventPageSchema, eventSchema, eventTypeSchema } from '../../contracts/event.ts';
import { isolationReportSchema, isolationVerificationSchema } from '../../contracts/isolation-report.ts';
import { ledgerEntrySchema } from '../../contracts/ledger-entry.ts';
import { loggedEntrySchema, logHeadSchema, signedHeadSchema } from '../../contracts/log-export.ts';
import { logLeafSchema } from '../../contracts/log/leaf.ts';
import { transitions } from '../../contracts/lifecycle.ts';
import { planManifestSchema, planSchema } from '../../contracts/manifests/plan.ts';
import { regionManifestSchema, regionSchema } from '../../contracts/manifests/region.ts';
import { tenantManifestSchema, tenantSchema } from '../../contracts/manifests/tenant.ts';
import { tenantTemplateManifestSchema, tenantTemplateSchema } from '../../contracts/manifests/tenant-template.ts';
import { webhookEndpointManifestSchema, webhookEndpointSchema } from '../../contracts/manifests/webhook-endpoint.ts';
import { operationSchema } from '../../contracts/operation.ts';
import { admissionRequestSchema, authorizationRequestSchema, policyResponseSchema } from '../../contracts/policy.ts';
import { problemCatalogueSchema, problemSchema } from '../../contracts/problem-document.ts';
import { problems } from '../../contracts/problems.ts';
import type { ProblemType } from '../../contracts/problem-type.ts';
import { rolloutPreviewSchema, rolloutSchema } from '../../contracts/rollout.ts';
import { tenantAccessSchema } from '../../contracts/tenant-access.ts';
import {
  revisionSummarySchema,
  tenantDifferenceSchema,
  tenantRevisionSchema,
} from '../../contracts/tenant-revision.ts';
import { tombstoneSchema } from '../../contracts/tombstone.ts';
import {
  replayedSchema,
  requeuedSchema,
  webhookAttemptSchema,
  webhookDeliverySchema,
  webhookHealthSchema,
  webhookSecretSchema,
  webhookTestSchema,
} from '../../contracts/webhooks.ts';
import { transitionTableSchema } from '../../contracts/transition-table.ts';
import { generatedNotice } from './generated-file.ts';
import type { GeneratedFile } from './generated-file.ts';

export interface Contract {
  readonly schema: z.ZodType;
  /** Who writes the document: outsiders, whose mistakes must be detected, or Tenure, which may add fields later. */
  readonly writtenBy: 'outsiders' | 'tenure';
}

/** Every public document, by the name of its schema file. */
export const contractDocuments = {
  tenant: { schema: tenantSchema, writtenBy: 'tenure' },
  'tenant-manifest': { schema: tenantManifestSchema, writtenBy: 'outsiders' },
  'tenant-revision': { schema: tenantRevisionSchema, writtenBy: 'tenure' },
  'revision-summary': { schema: revisionSummarySchema, writtenBy: 'tenure' },
  'tenant-difference': { schema: tenantDifferenceSchema, writtenBy: 'tenure' },
  'tenant-config-report': { schema: tenantConfigReportSchema, writtenBy: 'tenure' },
  plan: { schema: planSchema, writtenBy: 'tenure' },
  'plan-manifest': { schema: planManifestSchema, writtenBy: 'outsiders' },
  'plan-preview': { schema: planPreviewSchema, writtenBy: 'tenure' },
  region: { schema: regionSchema, writtenBy: 'tenure' },
  'region-manifest': { schema: regionManifestSchema, writtenBy: 'outsiders' },
  'tenant-template': { schema: tenantTemplateSchema, writtenBy: 'tenure' },
  'tenant-template-manifest': { schema: tenantTemplateManifestSchema, writtenBy: 'outsiders' },
  'webhook-endpoint': { schema: webhookEndpointSchema, writtenBy: 'tenure' },
  'webhook-endpoint-manifest': { schema: webhookEndpointManifestSchema, writtenBy: 'outsiders' },
  'webhook-attempt': { schema: webhookAttemptSchema, writtenBy: 'tenure' },
  'webhook-delivery': { schema: webhookDeliverySchema, writtenBy: 'tenure' },
  'webhook-health': { schema: webhookHealthSchema, writtenBy: 'tenure' },
  'webhook-test': { schema: webhookTestSchema, writtenBy: 'tenure' },
  'webhook-replayed': { schema: replayedSchema, writtenBy: 'tenure' },
  'webhook-requeued': { schema: requeuedSchema, writtenBy: 'tenure' },
  'webhook-secret': { schema: webhookSecretSchema, writtenBy: 'tenure' },
  rollout: { schema: rolloutSchema, writtenBy: 'tenure' },
  'rollout-preview': { schema: rolloutPreviewSchema, writtenBy: 'tenure' },
  'authorization-request': { schema: authorizationRequestSchema, writtenBy: 'tenure' },
  'admission-request': { schema: admissionRequestSchema, writtenBy: 'tenure' },
  'policy-response': { schema: policyResponseSchema, writtenBy: 'outsiders' },
  'ledger-entry': { schema: ledgerEntrySchema, writtenBy: 'tenure' },
  'audit-entry': { schema: auditEntrySchema, writtenBy: 'tenure' },
  event: { schema: eventSchema, writtenBy: 'tenure' },
  'event-page': { schema: eventPageSchema, writtenBy: 'tenure' },
  'event-type': { schema: eventTypeSchema, writtenBy: 'tenure' },
  'log-head': { schema: logHeadSchema, writtenBy: 'tenure' },
  'signed-head': { schema: signedHeadSchema, writtenBy: 'tenure' },
  'logged-entry': { schema: loggedEntrySchema, writtenBy: 'tenure' },
  'log-leaf': { schema: logLeafSchema, writtenBy: 'tenure' },
  'isolation-report': { schema: isolationReportSchema, writtenBy: 'tenure' },
  'isolation-verification': { schema: isolationVerificationSchema, writtenBy: 'tenure' },
  'drift-report': { schema: driftReportSchema, writtenBy: 'tenure' },
  'placement-explanation': { schema: placementExplanationSchema, writtenBy: 'tenure' },
  tombstone: { schema: tombstoneSchema, writtenBy: 'tenure' },
  transitions: { schema: transitionTableSchema, writtenBy: 'tenure' },
  operation: { schema: operationSchema, writtenBy: 'tenure' },
  problem: { schema: problemSchema, writtenBy: 'tenure' },
  problems: { schema: problemCatalogueSchema, writtenBy: 'tenure' },
  caller: { schema: callerSchema, writtenBy: 'tenure' },
  'access-verdict': { schema: accessVerdictSchema, writtenBy: 'tenure' },
  'tenant-access': { schema: tenantAccessSchema, writtenBy: 'tenure' },
} as const satisfies Record<string, Contract>;

export type ContractName = keyof typeof contractDocuments;
export const contractNames = Object.keys(contractDocuments) as ContractName[];

export type JsonSchema = z.core.JSONSchema.BaseSchema;

export const contractSchemaFolder = 'contracts/generated';

export function contractSchemaPath(name: ContractName): string {
  return `${contractSchemaFolder}/${name}.schema.json`;
}

/**
 * The JSON Schema (2020-12) of a document. Schemas of documents that Tenure writes allow additional fields, because new
 * optional fields must not fail a reader's validation.
 * @throws Error if the zod schema has a rule that JSON Schema cannot express and that no description explains
 */
export function jsonSchemaOf({ schema, writtenBy }: Contract): JsonSchema {
  const ownRules: (readonly (string | number)[])[] = [];
  const jsonSchema: JsonSchema = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io: writtenBy === 'outsiders' ? 'input' : 'output',
    override({ zodSchema, jsonSchema: part, path }) {
      if (zodSchema._zod.def.checks?.some((check) => check._zod.def.check === 'custom') === true) ownRules.push(path);
      if (writtenBy === 'tenure' && part.additionalProperties === false) delete part.additionalProperties;
    },
  });
  for (const path of ownRules) {
    const part = path.reduce<unknown>(
      (value, key) => (value as Record<string, unknown> | undefined)?.[key],
      jsonSchema,
    );
    if ((part as JsonSchema | undefined)?.description === undefined) {
      throw new Error(
        `/${path.join('/')} has a rule that JSON Schema cannot express: describe it with .meta({ description })`,
      );
    }
  }
  return jsonSchema;
}

// JSON has no comments, so the notice is the first member.
function generatedJson(path: string, document: object): GeneratedFile {
  return {
    path,
    content: `${JSON.stringify({ $comment: generatedNotice('contracts/'), ...document }, null, 2).replace('{\n  ', '{ ')}\n`,
  };
}

/** The schema files of all contracts, and the contracts that are data. */
export function contractFiles(): GeneratedFile[] {
  const schemas = contractNames.map((name) => {
    const jsonSchema = jsonSchemaOf(contractDocuments[name]);
    return generatedJson(contractSchemaPath(name), { title: jsonSchema.title, ...jsonSchema });
  });
  const catalogue: [string, ProblemType][] = Object.entries(problems);
  return [
    ...schemas,
    generatedJson(`${contractSchemaFolder}/transitions.json`, { transitions }),
    generatedJson(`${contractSchemaFolder}/problems.json`, {
      problems: Object.fromEntries(catalogue.map(([code, { status, exit, fault }]) => [code, { status, exit, fault }])),
    }),
  ];
}
