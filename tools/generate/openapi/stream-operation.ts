import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { StreamContract } from '../../../contracts/streams.ts';
import { lastEventId, requestHeaders, streamHeaders } from './headers.ts';
import { described, tagOf } from './operation.ts';
import type { OperationBooks } from './operation.ts';
import { titleOf } from './schema-parts.ts';

function eventSchema(event: z.ZodType): object {
  const title = titleOf(event);
  return title === undefined ? z.toJSONSchema(event, { io: 'output' }) : { $ref: `#/components/schemas/${title}` };
}

/**
 * A stream as an OpenAPI operation. OpenAPI 3.1 has no field for the schemas of events, so they are under `x-events`.
 */
export function streamOperationOf(
  id: string,
  stream: StreamContract,
  { examples, refusals }: Pick<OperationBooks, 'examples' | 'refusals'>,
): ZodOpenApiOperationObject {
  const { query, events } = stream;
  const names = Object.keys(events).map((name) => `\`${name}\``);
  return {
    operationId: id,
    tags: [tagOf(stream)],
    ...described(stream),
    requestParams: {
      query: query as z.ZodObject,
      header: z.object({ 'Last-Event-ID': lastEventId, ...requestHeaders() }),
    },
    responses: {
      200: {
        description: `Server-sent events, until either side closes the connection. Each event is one of ${names.join(', ')}; its data is JSON on one line.`,
        headers: streamHeaders(),
        content: {
          'text/event-stream': {
            schema: { type: 'string' },
            examples: examples.ofStream(id, events),
            'x-events': Object.fromEntries(Object.entries(events).map(([name, event]) => [name, eventSchema(event)])),
          },
        },
      },
      ...refusals.of(stream),
    },
  };
}
