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
  tenants: 'Declare tenants, and take them through their life.',
  tombstones: 'What is left of purged tenants.',
  templates: 'What many tenants have in common, and how a new version comes to them.',
  rollouts: 'A version of a template on its way to the tenants.',
  plans: 'What a tenant may be and have.',
  regions: 'Where tenants may be, and the cells there.',
  caller: 'Who the token speaks for.',
  access: 'What the caller may do.',
  operations: 'What runs for a tenant, and how it ended.',
};

const description = `A durable control plane for tenants.

- Every request has a bearer token; policy decides what its roles allow.
- A change that takes time answers 202 with an operation: \`Location\` says where to see how it goes on, \`GET …:wait\` answers when it has ended.
- A request under an \`Idempotency-Key\` can be repeated: it is done once.
- What is changed has an \`ETag\`; \`If-Match\` changes only that revision.
- Every refusal is a problem document (RFC 9457) whose \`code\` keeps its meaning for ever and whose \`fix\` says what to do; its \`type\` is the address of a page about it.`;

/** What Tenure writes may come to say more; what is sent to it may not. */
const override: NonNullable<CreateDocumentOptions['override']> = ({ jsonSchema, io }) => {
  if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
};

/** The OpenAPI 3.1 document of routes and streams, with released documents as its examples. @throws Error that says what a route lacks */
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
            description: 'A token of the issuer that the installation trusts, with the caller’s roles.',
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

/** The document as it is served. JSON has no comments, so the first line is an extension. */
export function openApiFile(): GeneratedFile {
  const document = { 'x-comment': generatedNotice('contracts/'), ...openApiDocument() };
  return {
    path: `${contractSchemaFolder}/openapi.json`,
    content: `${JSON.stringify(document, null, 2).replace('{\n  ', '{ ')}\n`,
  };
}
