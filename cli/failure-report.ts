import { ApiError, ApiUnreachable } from '../client/api-error.ts';
import type { Operation } from '../contracts/operation.ts';
import type { Problem, ProblemDetail } from '../contracts/problem-document.ts';
import type { Terminal } from './command-context.ts';
import { problemType } from './problem-type.ts';
import { CliFailure } from './failure.ts';
import { requestWord } from './request-words.ts';
import { unreachableFix } from './unreachable-fix.ts';

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
export function outlookOf(operationId: string, program: string): string {
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
  const said = `error: ${known.title === code ? title : known.title}`;
  return withoutDetail.has(code) || (code === 'request_invalid' && errors.length > 0) ? said : `${said}: ${detail}`;
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
