import { createDocument } from 'zod-openapi';
import type { CreateDocumentOptions, ZodOpenApiPathsObject } from 'zod-openapi';
import { jsonValueSchema } from '../../../contracts/json-value.ts';
import { problemSchema } from '../../../contracts/problem-document.ts';
import { routes } from '../../../contracts/routes.ts';
import { streams } from '../../../contracts/streams.ts';
import type { StreamContract } from '../../../contracts/streams.ts';
import { readVersion } from '../../../platform/version.ts';
import { contractSchemaFolder } from '../contract-schemas.ts';
import { generatedNotice } from '../generated-file.ts';
import type { GeneratedFile } from '../generated-file.ts';
import { withPlainNames } from './component-names.ts';
import type { OpenApiDocument } from './component-names.ts';
import { createExampleBook } from './examples.ts';
import { responseHeaders } from './headers.ts';
import { createLinkBook } from './links.ts';
import type { RouteTable } from './links.ts';
import { operationOf, tagOf } from './operation.ts';
import { createProblemBook } from './problem-responses.ts';
import { documentsOf, titledSchemas } from './schema-parts.ts';
import { streamOperationOf } from './stream-operation.ts';

const tags: Readonly<Record<string, string>> = {
  tenants: 'Declare tenants and manage their lifecycle.',
  tombstones: 'Records of purged tenants.',
  templates: 'Shared configuration and services of tenants, and their roll-out.',
  rollouts: 'Roll-outs of template versions to tenants.',
  plans: 'Plans that define limits, isolation modes and prices.',
  regions: 'Regions for tenants, and their cells.',
  caller: 'Identity of the caller.',
  access: 'Access checks for the caller.',
  log: 'The log of all entries, with what proves it.',
  audit: 'The ledger: who did what, when, with which outcome and by which decision.',
  events: 'Everything that has happened, in order: by pages with a cursor, or as a stream.',
  'event-types': 'Types of events, with the schemas of their data.',
  operations: 'Operations of tenants: progress, outcome and cancellation.',
};

const description = `A durable control plane for tenants.

- Every request has a bearer token; policy decides what its roles allow.
- A change that takes time returns 202 with an operation. \`Location\` is the path of the operation; \`GET …:wait\` waits until it has ended.
- A request with an \`Idempotency-Key\` can be retried safely: it is executed once.
- Resources have an \`ETag\`. With \`If-Match\`, only that revision is changed.
- Every error is a problem document (RFC 9457). Its \`code\` never changes its meaning, \`fix\` says what to do, and \`type\` is the URL of a page about it.`;

/**
 * Responses may get additional fields in later versions, so their schemas must allow them. Requests must not have any.
 */
const override: NonNullable<CreateDocumentOptions['override']> = ({ jsonSchema, io }) => {
  if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
};

/**
 * The OpenAPI 3.1 document of routes and streams, with released documents as examples.
 * @throws Error if a route lacks something
 */
export function openApiDocument(
  table: RouteTable = routes,
  streamTable: Readonly<Record<string, StreamContract>> = streams,
): OpenApiDocument {
  const examples = createExampleBook();
  const links = createLinkBook(table);
  const refusals = createProblemBook(examples);
  const paths: ZodOpenApiPathsObject = {};
  for (const [id, { path, method }] of Object.entries(table)) {
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(id, table, { examples, links, refusals }) };
  }
  for (const [id, stream] of Object.entries(streamTable))
    paths[stream.path] = { get: streamOperationOf(id, stream, { examples, refusals }) };
  const used = [...new Set([...Object.values(table), ...Object.values(streamTable)].map(tagOf))];
  const document = createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'Tenure',
        version: readVersion(),
        description,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      tags: used.map((name) => ({ name, ...(tags[name] === undefined ? {} : { description: tags[name] }) })),
      security: [{ bearer: [] }],
      paths,
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'Token of the issuer that the installation trusts, with the roles of the caller.',
          },
        },
        schemas: {
          ...titledSchemas(documentsOf(Object.values(table), Object.values(streamTable))),
          Problem: problemSchema,
          JsonValue: jsonValueSchema,
        },
        responses: refusals.components(),
        headers: responseHeaders,
        examples: examples.components(),
        links: links.components(),
      },
    },
    { override },
  );
  return withPlainNames(document);
}

/** The document as it is served. JSON has no comments, so the notice is an extension field. */
export function openApiFile(): GeneratedFile {
  const document = { 'x-comment': generatedNotice('contracts/'), ...openApiDocument() };
  return {
    path: `${contractSchemaFolder}/openapi.json`,
    content: `${JSON.stringify(document, null, 2).replace('{\n  ', '{ ')}\n`,
  };
}
