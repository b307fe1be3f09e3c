import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { asTenureError, problemReply } from '../../../api/problem-reply.ts';
import { problemSchema } from '../../../contracts/problem-document.ts';
import { problemCodes, problems } from '../../../contracts/problems.ts';
import { TenureError } from '../../../domain/tenure-error.ts';

const requestId = 'b6c1f2de-4a57-4c0c-9a53-0f4f8f7a9d11';

describe('the answer to an error', () => {
  for (const code of problemCodes) {
    it(`for ${code} is a problem document (RFC 9457) with the status and words of the catalogue`, () => {
      const { status, headers, body } = problemReply(new TenureError(code, 'what happened'), requestId);
      const { title, fix, retryable } = problems[code];
      assert.equal(status, problems[code].status);
      assert.equal(headers['content-type'], 'application/problem+json');
      assert.deepEqual(body, {
        type: `/problems/${code}`,
        code,
        title,
        status,
        detail: 'what happened',
        fix,
        requestId,
        retryable,
      });
      assert.deepEqual(problemSchema.parse(body), body);
    });

    it(`for ${code} has Retry-After exactly with 503 and 429, and WWW-Authenticate exactly with 401`, () => {
      const { status, headers } = problemReply(new TenureError(code, ''), requestId);
      assert.equal(headers['retry-after'] !== undefined, status === 503 || status === 429);
      assert.equal(headers['www-authenticate'] !== undefined, status === 401);
    });
  }

  it('lists the flaws, each as it was found', () => {
    const errors = [
      {
        pointer: '/spec/plan',
        rule: 'tenant.plan_known',
        message: 'no such plan',
        fix: 'Name one.',
        allowed: ['startup'],
      },
      { message: 'another' },
    ];
    assert.deepEqual(problemReply(new TenureError('policy_refused', '', { errors }), requestId).body.errors, errors);
  });

  it('links to the operation that is in progress', () => {
    const { headers, body } = problemReply(
      new TenureError('operation_in_progress', '', { operationId: '01k9v3y2a1b3d5f7h9k0m2p4qs' }),
      requestId,
    );
    assert.equal(body.operation, '/v1/operations/01k9v3y2a1b3d5f7h9k0m2p4qs');
    assert.equal(headers['link'], '</v1/operations/01k9v3y2a1b3d5f7h9k0m2p4qs>; rel="related"');
  });
});

describe('a thrown value', () => {
  it('is not revealed in the answer if it is not a TenureError', () => {
    const canary = fc.stringMatching(/^[A-Z]{12}$/);
    fc.assert(
      fc.property(canary, fc.constantFrom('error', 'object', 'text', 'status', 'cause'), (mark, kind) => {
        const thrown = {
          error: Object.assign(new Error(mark), { code: mark, errors: [mark] }),
          object: { message: mark, code: 'not_found', errors: [{ message: mark }] },
          text: mark,
          status: { status: 500, type: mark, message: mark, body: mark },
          cause: new Error('outer', { cause: new Error(mark) }),
        }[kind];
        const reply = problemReply(asTenureError(thrown), requestId);
        assert.equal(reply.body.code, 'internal');
        assert.equal(reply.status, 500);
        assert.ok(!JSON.stringify(reply).includes(mark));
      }),
    );
  });

  it('is kept as the cause, for the log', () => {
    const thrown = new Error('the cause');
    assert.equal(asTenureError(thrown).cause, thrown);
  });

  it('stays as it is if it is a TenureError', () => {
    const error = new TenureError('not_found', 'gone');
    assert.equal(asTenureError(error), error);
  });

  const fromTheBodyParser: readonly (readonly [object, string])[] = [
    [{ status: 413, type: 'entity.too.large', message: 'SECRET' }, 'body_too_large'],
    [{ status: 415, type: 'charset.unsupported', message: 'SECRET' }, 'media_type_unsupported'],
    [
      { status: 400, type: 'entity.parse.failed', message: 'Unexpected token S in "SECRET"', body: 'SECRET' },
      'request_invalid',
    ],
    [{ status: 400, type: 'request.aborted', message: 'SECRET' }, 'request_invalid'],
    [{ status: 400, message: 'SECRET' }, 'request_invalid'],
  ];
  for (const [thrown, code] of fromTheBodyParser) {
    it(`of the body parser is ${code}, without the body: ${JSON.stringify(Object.values(thrown).slice(0, 2))}`, () => {
      const { body } = problemReply(asTenureError(thrown), requestId);
      assert.equal(body.code, code);
      assert.ok(!JSON.stringify(body).includes('SECRET'));
    });
  }

  for (const value of [undefined, null, 0, '', [], Symbol('x')]) {
    it(`is internal if it is ${String(value) || 'empty'}`, () => assert.equal(asTenureError(value).code, 'internal'));
  }
});
