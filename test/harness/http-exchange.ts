import assert from 'node:assert/strict';
import { problemSchema } from '../../contracts/problem-document.ts';
import type { Problem } from '../../contracts/problem-document.ts';
import { problems } from '../../contracts/problems.ts';
import type { ProblemCode } from '../../contracts/problems.ts';
import { routes } from '../../contracts/routes.ts';
import { commonProblems } from '../../contracts/routes/route-contract.ts';
import type { RouteContract } from '../../contracts/routes/route-contract.ts';
import { isRevised } from '../../tools/generate/openapi/headers.ts';
import type { Installation, Who } from './installation.ts';

export interface HttpRequest {
  readonly method?: string;
  readonly path: string;
  /** An object is sent as JSON; a string or bytes as they are. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whose token is sent; an `authorization` header replaces it. Default: an admin. */
  readonly who?: Who;
  /** Checked against the route table unless set to false. */
  readonly keepsContract?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body; for a refusal, its problem document. */
  json<T = unknown>(): T;
  problem(): Problem;
}

export type Exchange = (request: HttpRequest) => Promise<HttpAnswer>;

const contracts: readonly RouteContract[] = Object.values(routes);

/** The route in the table that matches a request, if any. */
function routeOf(method: string, path: string): RouteContract | undefined {
  const [bare = ''] = path.split('?');
  return contracts.find((route) => {
    const pattern = route.path.replaceAll(/\{\w+\}/g, '[^/:]+');
    return route.method === method && new RegExp(`^${pattern}$`).test(bare);
  });
}

/**
 * Checks an answer against the contract of its route: declared statuses, declared problems, bodies that match the
 * schema.
 */
function requireContract(method: string, path: string, { status, headers, text, problem }: HttpAnswer): void {
  const route = routeOf(method, path);
  const told = `${method} ${path.slice(0, 200)} answered ${status} ${text.slice(0, 600)}`;
  assert.equal(headers.get('x-request-id')?.length, 36, told);
  if (status >= 400) {
    const { code, requestId, type } = problem();
    assert.equal(headers.get('content-type'), 'application/problem+json', told);
    assert.equal(problems[code].status, status, told);
    assert.equal(type, `/problems/${code}`, told);
    assert.equal(requestId, headers.get('x-request-id'), told);
    if (status === 503) assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/, told);
    if (route === undefined) return;
    const declared: readonly ProblemCode[] = [...commonProblems, ...route.problems];
    assert.ok(declared.includes(code), `${told}, which the route table does not declare`);
    return;
  }
  if (status === 304) {
    assert.deepEqual([method, text, headers.get('etag') !== null], ['GET', '', true], told);
    return;
  }
  assert.equal(headers.get('content-type'), 'application/json; charset=utf-8', told);
  const { responses, responsesWith } = route ?? {};
  const asked =
    responsesWith !== undefined && new URL(path, 'http://api').searchParams.has(responsesWith.parameter)
      ? responsesWith.responses
      : responses;
  const schema = asked?.[status];
  assert.ok(schema !== undefined, `${told}, which the route table does not declare`);
  const parsed = schema.safeParse(JSON.parse(text));
  assert.ok(parsed.success, `${told}, which does not match the declared schema: ${parsed.error?.message ?? ''}`);
  // The result of a dry run has no ETag because nobody can get it. An answer after a wait still has a Location.
  const isRehearsal = new URL(path, 'http://api').searchParams.get('dryRun') === 'true';
  assert.equal(
    headers.has('etag'),
    isRevised(schema) && !isRehearsal,
    `${told}, but an ETag must be there exactly if a revision is shown`,
  );
  assert.equal(
    headers.has('location'),
    status !== 200 || headers.has('preference-applied'),
    `${told}, but a Location must be there exactly if something was created or continues`,
  );
}

/**
 * Plain HTTP with an installation's API: no retries, nothing hidden, and each answer is checked against the route
 * table.
 */
export function createExchange({ server, token }: Pick<Installation, 'server' | 'token'>): Exchange {
  return async ({ method = 'GET', path, body, headers = {}, who, keepsContract = true }) => {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${server}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await token(who)}`,
        ...(body === undefined || raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as NonNullable<RequestInit['body']>) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const answer: HttpAnswer = {
      status: response.status,
      headers: response.headers,
      text,
      json: <T>() => JSON.parse(text) as T,
      problem: () => problemSchema.parse(JSON.parse(text)),
    };
    if (keepsContract) requireContract(method, path, answer);
    return answer;
  };
}
