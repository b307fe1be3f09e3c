import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asFailure } from '../../../cli/failure-report.ts';
import { CliFailure } from '../../../cli/failure.ts';
import { ApiError, ApiUnreachable } from '../../../client/api-error.ts';
import type { Problem } from '../../../contracts/problem-document.ts';
import { problemCodes, problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { ProblemCode } from '../../../contracts/problems.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';

const quiet = { interrupted: new AbortController().signal, program: 'tenure' };
const interrupted = { interrupted: AbortSignal.abort(), program: 'tenure' };
const context = { environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' } };

/** Words that only callers of the HTTP API need. */
const wordsOfHttp =
  /\b(HTTP|header|[Rr]equest(?!Id\b)|Idempotency-Key|If-(None-)?Match|ETag|Retry-After|Last-Event-ID|Authorization|Bearer|bearer|GET|PUT|POST|DELETE|route|path|query|body|parameter|pageToken|status \d+)\b|=true\b|"errors"|"operation"/;

for (const code of problemCodes) {
  test(`the problem ${code} has the exit code of the catalogue, a fix, and no HTTP terms in its report`, async () => {
    const { title, status, fix, exit, retryable } = problems[code];
    const problem = {
      type: `/problems/${code}`,
      code,
      title,
      status,
      detail: 'what happened',
      fix,
      requestId: 'r-1',
      retryable,
    };
    const refuse = () => Promise.reject(new ApiError(problem));
    const {
      code: exitCode,
      stdout,
      stderr,
    } = await runInMemory(['get', 'tenants'], {
      ...context,
      createClient: () => ({ server: '', call: refuse, stream: refuse }),
    });
    assert.deepEqual([exitCode, stdout], [exitCodes[exit], '']);
    assert.match(stderr, /^error: [^\n]+\nfix: [A-Z][^\n]+\.\nrequestId: r-1\n$/);
    assert.doesNotMatch(stderr, wordsOfHttp);
  });
}

test('a problem of a newer API with a code that this command does not know is reported as it was sent', () => {
  const problem = {
    type: '',
    code: 'later' as ProblemCode,
    title: 'Something new',
    status: 409,
    detail: 'it is so',
    fix: 'Do this.',
    requestId: 'r',
    retryable: false,
  };
  assert.equal(
    asFailure(new ApiError(problem), quiet).report,
    'error: Something new: it is so\nfix: Do this.\nrequestId: r',
  );
});

test('the flaws of a request are reported with the names that they have on the command line', () => {
  const errors = ['/labelSelector', '/name', '/waves/0', '/labels/a'].map((pointer) => ({
    pointer,
    message: 'must be so',
  }));
  const problem = {
    ...problems.request_invalid,
    type: '',
    code: 'request_invalid' as const,
    detail: 'the query is not valid: /labelSelector must be so',
    requestId: 'r',
    errors,
  };
  assert.equal(
    asFailure(new ApiError(problem), quiet).report,
    'error: The command or manifest is not valid\n  --selector: must be so\n  the name: must be so\n  --wave: must be so\n  labels.a: must be so\nfix: Correct the values listed above and try again.\nrequestId: r',
  );
});

test('the help lists every exit code once', async () => {
  const { code, stdout } = await runInMemory(['--help']);
  const told = [...(stdout.split('Exit codes:')[1] ?? '').matchAll(/^ +(\d+) {2}\S/gm)].map(([, number]) =>
    Number(number),
  );
  assert.deepEqual([code, told], [exitCodes.ok, Object.values(exitCodes)]);
});

test('no answer, an interruption and an error of the program have their own exit codes', () => {
  assert.equal(asFailure(new ApiUnreachable('http://api:1', new Error('refused')), quiet).exit, 'unavailable');
  assert.equal(asFailure(new Error('aborted'), interrupted).exit, 'interrupted');
  assert.equal(asFailure(new TypeError('x is undefined'), quiet).exit, 'operationFailed');
  assert.equal(asFailure(new CliFailure('waitTimeout', ''), interrupted).exit, 'waitTimeout');
});

test('details of a problem show pointer, allowed values and fix', () => {
  const errors = [
    { pointer: '/spec/plan', rule: 'x', message: 'not this one', allowed: ['a', 'b'], fix: 'Take another.' },
    { message: 'and more' },
  ];
  const problem: Problem = {
    type: '',
    code: 'policy_refused',
    title: 'Refused',
    status: 422,
    detail: 'No.',
    fix: 'Change it.',
    requestId: 'r',
    retryable: false,
    errors,
    operation: '/v1/operations/01abc',
  };
  const { report } = asFailure(new ApiError(problem), quiet);
  assert.equal(
    report,
    'error: Policy denies the change: No.\n  spec.plan: not this one\n  allowed: a, b\n  fix: Take another.\n  and more\nfix: Change the values listed above to allowed ones.\noperation: tenure wait operation/01abc\nrequestId: r',
  );
});
