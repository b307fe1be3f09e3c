import type { z } from 'zod';
import { problemReply } from '../../../api/problem-reply.ts';
import type { Operation } from '../../../contracts/operation.ts';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import type { Problem } from '../../../contracts/problem-document.ts';
import { problems } from '../../../contracts/problems.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import type { RouteBodyInput, RouteId } from '../../../contracts/routes.ts';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { contractOf, exampleNamed, examplesOf } from './released-examples.ts';
import type { ReleasedExample } from './released-examples.ts';
import { itemsOf, required, titleOf } from './schema-parts.ts';

interface Reference {
  readonly $ref: string;
}

/** Examples by name, as one document references them. */
export type NamedExamples = Record<string, Reference>;

const acme = exampleNamed('tenant.active') as Tenant;
const draft = exampleNamed('tenant.draft-with-operation') as Tenant;
const running = exampleNamed('operation.running') as Operation;

/** Bodies that are not contracts, by route. All other bodies outside contracts are empty. */
const bodies: { readonly [Id in RouteId]?: RouteBodyInput<Id> } = {
  changePlanOfTenant: { plan: acme.spec.plan, time: '2026-12-01T00:00:00.000Z' },
  holdTenant: { reason: 'case 2026-117' },
  openTenant: { leaseId: '01k9v4000000000000000000zz' },
  purgeTenant: { early: true },
  resumeRollout: { skipFailed: true },
  replayEvents: { since: '2026-12-01T00:00:00.000Z' },
  requeueDeliveries: { events: ['01k9v4000000000000000000zz'] },
  rollbackTenant: { generation: 2 },
  rotateWebhookSecret: { overlapSeconds: 3600 },
  startRollout: { version: 3, labelSelector: 'tier!=pinned', waves: [1, '10%', '100%'], maxFailures: 0 },
  verifyIsolationOfTenant: { against: 'globex' },
};

/**
 * A problem as it is sent: request-specific fields come from a released document, all others from the current
 * catalogue.
 */
function problemExample(code: ProblemCode): Problem {
  const released = examplesOf('problem')
    .map(({ value }) => value as Problem)
    .find((problem) => problem.code === code);
  const { detail = `${problems[code].title}.`, requestId = running.requestId } = released ?? {};
  return {
    ...problemReply(new TenureError(code, detail), requestId).body,
    ...(released?.errors === undefined ? {} : { errors: released.errors }),
    ...(released?.operation === undefined ? {} : { operation: released.operation }),
  };
}

/** The response of a change: the tenant, and its operation if one runs. */
const tenantChanges = {
  done: { name: 'tenant-change.done', value: { tenant: acme } },
  running: { name: 'tenant-change.running', value: { tenant: { ...acme, status: draft.status }, operation: running } },
} as const satisfies Record<string, ReleasedExample>;

/** @throws Error if no released document is an example of the schema */
function documentsOf(schema: z.ZodType, status: number): readonly ReleasedExample[] {
  if (titleOf(schema) === 'TenantChange') return [status === 202 ? tenantChanges.running : tenantChanges.done];
  const contract = contractOf(schema);
  const item = contract === undefined ? itemsOf(schema) : undefined;
  if (item !== undefined)
    return [
      {
        name: `${contractOf(item) ?? 'item'}.list`,
        value: { items: documentsOf(item, status).map(({ value }) => value) },
      },
    ];
  const examples = contract === undefined ? [] : examplesOf(contract);
  if (examples.length === 0)
    throw new Error(
      `a response with status ${status} (${titleOf(schema) ?? 'without a title'}) has no example: make it a contract, and add a released document`,
    );
  return examples;
}

/** The examples of one OpenAPI document. */
export interface ExampleBook {
  ofAnswer(schema: z.ZodType, status: number): NamedExamples;
  /** @throws Error if the body is not a contract, not empty, and has no example here */
  ofBody(id: string, body: z.ZodType): NamedExamples;
  ofProblem(code: ProblemCode): NamedExamples;
  /** The events of a stream, as sent over the wire. */
  ofStream(id: string, events: Readonly<Record<string, z.ZodType>>): NamedExamples;
  /** A value of this path parameter, from the response of a read of the same path. */
  ofParameter(table: readonly RouteContract[], path: string, parameter: string): string | undefined;
  /** All requested examples, for `components.examples`. */
  components(): Record<string, { value: unknown }>;
}

export function createExampleBook(): ExampleBook {
  const used = new Map<string, unknown>();

  function refer(examples: readonly ReleasedExample[]): NamedExamples {
    return Object.fromEntries(
      examples.map(({ name, value }) => {
        used.set(name, value);
        return [name.split('.').at(-1) ?? name, { $ref: `#/components/examples/${name}` }];
      }),
    );
  }

  return {
    ofAnswer: (schema, status) => refer(documentsOf(schema, status)),
    ofBody(id, body) {
      const contract = contractOf(required(body));
      if (contract !== undefined) return refer(examplesOf(contract));
      const value = bodies[id as RouteId] ?? {};
      if (!body.safeParse(value).success)
        throw new Error(`the body of ${id} has no example: add one in tools/generate/openapi/examples.ts`);
      return refer([{ name: Object.keys(value).length === 0 ? 'empty' : `${id}.example`, value }]);
    },
    ofStream(id, events) {
      const sent = Object.entries(events).flatMap(([event, schema]) => {
        const contract = contractOf(schema);
        const [example] = contract === undefined ? [] : examplesOf(contract);
        return example === undefined
          ? []
          : [`event: ${event}\nid: AbCdEfGh\ndata: ${JSON.stringify(example.value)}\n\n`];
      });
      return refer([{ name: `${id}.events`, value: sent.join('') }]);
    },
    ofProblem: (code) => refer([{ name: `problem.${code}`, value: problemExample(code) }]),
    ofParameter(table, path, parameter) {
      const resource = path.slice(0, path.indexOf('}') + 1);
      const read = table.find((route) => route.method === 'GET' && route.path === resource)?.responses[200];
      const contract = read === undefined ? undefined : contractOf(read);
      const [example] = contract === undefined ? [] : examplesOf(contract);
      const { metadata, entry, ...fields } = (example?.value ?? {}) as Record<string, unknown>;
      const value = { ...fields, ...(metadata as object | undefined), ...(entry as object | undefined) }[parameter];
      return typeof value === 'string' ? value : undefined;
    },
    components: () =>
      Object.fromEntries(
        [...used].toSorted(([a], [b]) => a.localeCompare(b, 'en')).map(([name, value]) => [name, { value }]),
      ),
  };
}
