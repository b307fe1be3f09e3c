import { isLoopback } from './connection.ts';
import { ApiError, ApiUnreachable } from '../client/api-error.ts';
import type { Operation } from '../contracts/operation.ts';
import type { Problem, ProblemDetail } from '../contracts/problem-document.ts';
import type { Terminal } from './command-context.ts';
import { problemType } from './problem-type.ts';
import { CliFailure } from './failure.ts';

/** The names of request fields on the command line. */
const words: Readonly<Record<string, string>> = {
  labelSelector: '--selector',
  namePrefix: '--prefix',
  lifecycle: '--lifecycle',
  condition: '--condition',
  region: '--region',
  template: '--template',
  tenant: '--tenant',
  state: '--state',
  pageSize: '--limit',
  at: '--at',
  time: '--at',
  from: '--from',
  to: '--to',
  generation: '--to',
  version: '--version',
  waves: '--wave',
  maxFailures: '--max-failures',
  reason: '--reason',
  name: 'the name',
  id: 'the id',
  uid: 'the uid',
  against: 'the other tenant',
  plan: 'the plan',
  action: 'the verb',
};

/** The command-line name for a JSON pointer into a request. */
function requestWord(pointer: string): string {
  const [first = '', ...rest] = pointer.split('/').slice(1);
  if (first === '') return 'the request';
  const word = Object.hasOwn(words, first) ? words[first] : undefined;
  return word ?? [first, ...rest].join('.');
}

const untrusted: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_UNTRUSTED',
  'CERT_SIGNATURE_FAILURE',
]);

const fixes: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'renew the certificate of the API, or check the clock of this machine',
  CERT_NOT_YET_VALID: 'check the clock of this machine',
  ERR_TLS_CERT_ALTNAME_INVALID: 'use the host name in the certificate of the API',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'the API does not speak https there: write http:// in its address, or the port of https',
  EPROTO: 'the API does not speak https there: write http:// in its address, or the port of https',
  ENOTFOUND:
    'correct the host name in the address (--server, TENURE_SERVER or the context), or check that this machine can resolve it',
  EAI_AGAIN: 'check that this machine can reach its name server, or correct the host name in the address',
  REDIRECTED: 'use the address that it redirects to (--server, TENURE_SERVER or the context)',
};

/** The fix for an API that does not answer, by the reason. */
export function unreachableFix({ server, reason }: ApiUnreachable): string {
  if (reason !== undefined && untrusted.has(reason))
    return 'trust the CA certificate of the API: --ca-file PATH, TENURE_CA_FILE, or tenure context set NAME --ca-file PATH';
  const known = reason === undefined ? undefined : fixes[reason];
  if (known !== undefined) return known;
  if (isLoopback(server))
    return 'start the installation (`npm start`), or correct the address (--server, TENURE_SERVER or the context file)';
  return 'check that the API runs and that this machine can reach it, also through the proxy if one is set (HTTPS_PROXY, NO_PROXY), or correct the address (--server, TENURE_SERVER or the context)';
}

/** The resource that a failure is about. */
export interface Subject {
  /** `tenant/acme` */
  readonly reference: string;
  /** `file:line:col` of its manifest, where it has one. */
  readonly place?: string;
  /** Place and code frame of a JSON pointer into the manifest. */
  locate?(pointer: string): { readonly place: string; readonly frame: string };
}

/** What to print when waiting ends: the operation keeps running. */
export function resumeHint(operationId: string, program: string): string {
  return `operation/${operationId} keeps running; to resume waiting: ${waitCommand(operationId, program)}`;
}

function waitCommand(operationId: string, program: string): string {
  return `${program} wait operation/${operationId}`;
}

/** Any thrown value as the end of a command; `subject` is the resource that the command was working on. */
export function asFailure(
  error: unknown,
  { interrupted, program }: Pick<Terminal, 'interrupted' | 'program'>,
  subject?: Subject,
): CliFailure {
  if (error instanceof CliFailure) return error;
  if (interrupted.aborted) return new CliFailure('interrupted', ['interrupted', ...resourceLines(subject)].join('\n'));
  if (error instanceof ApiError) return problemFailure(error.problem, program, subject);
  if (error instanceof ApiUnreachable) {
    return new CliFailure(
      'unavailable',
      [`error: ${error.message}`, ...resourceLines(subject), `fix: ${unreachableFix(error)}`].join('\n'),
    );
  }
  return new CliFailure(
    'operationFailed',
    `error: unexpected failure of the command; please report it\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
}

const concernAll: ReadonlySet<string> = new Set(['unauthenticated', 'control_unavailable', 'policy_unavailable']);

/** Whether every further request would fail in the same way, and as slowly. */
export function concernsAll(error: unknown): boolean {
  return error instanceof ApiUnreachable || (error instanceof ApiError && concernAll.has(error.code));
}

/** The full answer of the API, with each pointer as a place in the manifest if there is one. */
function problemFailure(problem: Problem, program: string, subject?: Subject): CliFailure {
  const operationId = problem.operation?.split('/').at(-1);
  return new CliFailure(
    problemType(problem.code).exit,
    [
      problemHead(problem),
      ...resourceLines(subject),
      ...(problem.errors ?? []).flatMap((detail) => detailLines(detail, subject)),
      `fix: ${problemType(problem.code).fix ?? problem.fix}`,
      ...(operationId === undefined ? [] : [`operation: ${waitCommand(operationId, program)}`]),
      `requestId: ${problem.requestId}`,
    ].join('\n'),
  );
}

/** Problems whose detail is about the HTTP request: the title, or the list of errors, says enough. */
const withoutDetail: ReadonlySet<string> = new Set([
  'idempotency_in_progress',
  'idempotency_key_reused',
  'idempotency_key_missing',
  'page_token_invalid',
  'precondition_required',
  'media_type_unsupported',
  'route_not_found',
  'method_not_allowed',
  'body_too_large',
  'headers_too_large',
]);

function problemHead({ code, title, detail, errors = [] }: Problem): string {
  const known = problemType(code);
  const headline = `error: ${known.title === code ? title : known.title}`;
  return withoutDetail.has(code) || (code === 'request_invalid' && errors.length > 0)
    ? headline
    : `${headline}: ${detail}`;
}

/** An operation that ended without success, as the end of a command. */
export function operationFailure(operation: Operation, program: string, subject?: Subject): CliFailure {
  return new CliFailure('operationFailed', operationErrorLines(operation, program, subject).join('\n'));
}

function operationErrorLines(
  { id, kind, tenant, state, error, requestId }: Operation,
  program: string,
  subject?: Subject,
): string[] {
  const end = `error: ${kind} of tenant/${tenant.name} ${state}`;
  return [
    error === undefined ? end : `${end}: ${problemType(error.code).title} (${error.code}): ${error.message}`,
    ...resourceLines(subject),
    ...(error?.errors ?? []).flatMap((detail) => detailLines(detail, subject)),
    ...(error === undefined ? [] : [`fix: ${problemType(error.code).fix ?? error.fix}`]),
    `operation: ${program} describe operation ${id}`,
    `requestId: ${requestId}`,
  ];
}

function resourceLines(subject: Subject | undefined): string[] {
  if (subject === undefined) return [];
  return [`resource: ${subject.reference}${subject.place === undefined ? '' : ` (${subject.place})`}`];
}

function detailLines({ pointer, message, allowed, fix }: ProblemDetail, subject: Subject | undefined): string[] {
  const located = pointer === undefined ? undefined : subject?.locate?.(pointer);
  const where = located?.place ?? (pointer === undefined ? undefined : requestWord(pointer));
  return [
    `${located === undefined ? '  ' : ''}${where === undefined ? '' : `${where}: `}${message}`,
    ...(located === undefined || located.frame === '' ? [] : [located.frame.trimEnd()]),
    ...(allowed === undefined ? [] : [`  allowed: ${allowed.join(', ')}`]),
    ...(fix === undefined ? [] : [`  fix: ${fix}`]),
  ];
}
