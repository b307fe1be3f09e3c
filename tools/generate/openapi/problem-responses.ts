import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { problemSchema } from '../../../contracts/problem-document.ts';
import { problemCodes, problems } from '../../../contracts/problems.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { commonProblems } from '../../../contracts/routes/route-contract.ts';
import type { RouteContract } from '../../../contracts/routes/route-contract.ts';
import type { ExampleBook } from './examples.ts';
import { problemHeaders } from './headers.ts';
import { titleOf } from './schema-parts.ts';

/** The problems of one OpenAPI document. */
export interface ProblemBook {
  /** Every problem that a route can return, by status. */
  of(route: Pick<RouteContract, 'problems' | 'deprecation'>): ZodOpenApiResponsesObject;
  /** All referenced responses, for `components.responses`. */
  components(): Record<string, ZodOpenApiResponseObject>;
}

export function createProblemBook(examples: ExampleBook): ProblemBook {
  const used = new Map<string, ZodOpenApiResponseObject>();

  function response(
    route: Pick<RouteContract, 'deprecation'>,
    status: number,
    codes: readonly ProblemCode[],
  ): ZodOpenApiResponseObject {
    return {
      description: codes.map((code) => `\`${code}\`: ${problems[code].title}.`).join('\n\n'),
      headers: problemHeaders(route, status),
      content: {
        'application/problem+json': {
          schema: {
            allOf: [
              { $ref: `#/components/schemas/${titleOf(problemSchema)}` },
              {
                type: 'object',
                properties: { code: { type: 'string', enum: [...codes] }, status: { type: 'integer', const: status } },
              },
            ],
          },
          examples: Object.assign({}, ...codes.map((code) => examples.ofProblem(code))),
        },
      },
    };
  }

  return {
    of(route) {
      const named: readonly ProblemCode[] = [...commonProblems, ...route.problems];
      const byStatus = Map.groupBy(
        problemCodes.filter((code) => named.includes(code)),
        (code) => problems[code].status,
      );
      return Object.fromEntries(
        [...byStatus].map(([status, codes]) => {
          const [only = 'internal', ...others] = codes;
          // Most problem responses are shared, but a deprecated route has additional headers.
          if (others.length > 0 || route.deprecation !== undefined) return [status, response(route, status, codes)];
          used.set(only, response(route, status, codes));
          return [status, { $ref: `#/components/responses/${only}` }];
        }),
      );
    },
    components: () => Object.fromEntries([...used].toSorted(([a], [b]) => a.localeCompare(b, 'en'))),
  };
}
