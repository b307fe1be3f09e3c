import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asFailure } from '../../../cli/failure-report.ts';
import { CliFailure } from '../../../cli/failure.ts';
import { ApiError, ApiUnreachable } from '../../../client/api-error.ts';
import type { Problem } from '../../../contracts/problem-document.ts';
import { exitCodes, problemCodes, problems } from '../../../contracts/problems.ts';
import { runInMemory } from './in-memory-cli.ts';

const quiet = { interrupted: new AbortController().signal, program: 'tenure' };
const interrupted = { interrupted: AbortSignal.abort(), program: 'tenure' };
const context = { environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' } };

for (const code of problemCodes) {
  test(`the problem ${code} exits with the code of the catalogue and tells its fix`, async () => {
    const { title, status, fix, exit, retryable } = problems[code];
    const problem = { type: `/problems/${code}`, code, title, status, detail: 'what happened', fix, requestId: 'request-1', retryable };
    const refuse = () => Promise.reject(new ApiError(problem));
    const { code: exitCode, stdout, stderr } = await runInMemory(['get', 'tenants'], { ...context, createClient: () => ({ server: '', call: refuse, stream: refuse }) });
    assert.equal(exitCode, exitCodes[exit]);
    assert.equal(stdout, '');
    assert.equal(stderr, `error: ${title}: what happened\nfix: ${fix}\nrequestId: request-1\n`);
  });
}

test('the help tells every exit code once', async () => {
  const { code, stdout } = await runInMemory(['--help']);
  const told = [...(stdout.split('Exit codes:')[1] ?? '').matchAll(/^ +(\d+) {2}\S/gm)].map(([, number]) => Number(number));
  assert.deepEqual([code, told], [exitCodes.ok, Object.values(exitCodes)]);
});

test('no answer, an interruption and a fault of the program have their own exits', () => {
  assert.equal(asFailure(new ApiUnreachable('http://api:1', new Error('refused')), quiet).exit, 'unavailable');
  assert.equal(asFailure(new Error('aborted'), interrupted).exit, 'interrupted');
  assert.equal(asFailure(new TypeError('x is undefined'), quiet).exit, 'operationFailed');
  assert.equal(asFailure(new CliFailure('waitTimeout', ''), interrupted).exit, 'waitTimeout');
});

test('details of a problem show pointer, allowed values and fix', () => {
  const errors = [{ pointer: '/spec/plan', rule: 'x', message: 'not this one', allowed: ['a', 'b'], fix: 'Take another.' }, { message: 'and more' }];
  const problem: Problem = { type: '', code: 'policy_refused', title: 'Refused', status: 422, detail: 'No.', fix: 'Change it.', requestId: 'r', retryable: false, errors, operation: '/v1/operations/01abc' };
  const { report } = asFailure(new ApiError(problem), quiet);
  assert.equal(report, 'error: Refused: No.\n  /spec/plan: not this one\n  allowed: a, b\n  fix: Take another.\n  and more\nfix: Change it.\noperation: tenure wait operation/01abc\nrequestId: r');
});
