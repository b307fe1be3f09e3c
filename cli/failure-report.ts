import { ApiError, ApiUnreachable } from '../client/api-error.ts';
import { problemType } from './problem-type.ts';
import type { Operation } from '../contracts/operation.ts';
import type { Problem, ProblemDetail } from '../contracts/problem-document.ts';
import { CliFailure } from './failure.ts';
import type { LocatedManifest } from './manifests/read-manifests.ts';

const programName = './tenure';

/** An operation goes on whether or not anybody waits for it. */
export function outlookOf(operationId: string): string {
  return `operation/${operationId} goes on; to come back: ${waitCommand(operationId)}`;
}

function waitCommand(operationId: string): string {
  return `${programName} wait operation/${operationId}`;
}

/** Any thrown value as the end of a command; `manifest` is what was being applied. */
export function asFailure(error: unknown, interrupted: AbortSignal, manifest?: LocatedManifest): CliFailure {
  if (error instanceof CliFailure) return error;
  if (interrupted.aborted) return new CliFailure('interrupted', ['interrupted', ...resourceLines(manifest)].join('\n'));
  if (error instanceof ApiError) return problemFailure(error.problem, manifest);
  if (error instanceof ApiUnreachable) {
    const fix = 'fix: start the installation (`npm start`), or correct the address (--server, TENURE_SERVER or the context file)';
    return new CliFailure('unavailable', [`error: ${error.message}`, ...resourceLines(manifest), fix].join('\n'));
  }
  return new CliFailure('operationFailed', `error: the command itself failed; please report this\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
}

/** What the API answered, in full, with each pointer as a place in the manifest where there is one. */
function problemFailure(problem: Problem, manifest?: LocatedManifest): CliFailure {
  const operationId = problem.operation?.split('/').at(-1);
  return new CliFailure(
    problemType(problem.code).exit,
    [
      `error: ${problem.title}: ${problem.detail}`,
      ...resourceLines(manifest),
      ...(problem.errors ?? []).flatMap((detail) => detailLines(detail, manifest)),
      `fix: ${problem.fix}`,
      ...(operationId === undefined ? [] : [`operation: ${waitCommand(operationId)}`]),
      `requestId: ${problem.requestId}`,
    ].join('\n'),
  );
}

/** Why an operation ended without success. */
export function operationErrorLines({ id, kind, tenant, state, error, requestId }: Operation, manifest?: LocatedManifest): string[] {
  const end = `error: ${kind} of tenant/${tenant.name} ${state}`;
  return [
    error === undefined ? end : `${end}: ${problemType(error.code).title} (${error.code}): ${error.message}`,
    ...resourceLines(manifest),
    ...(error?.errors ?? []).flatMap((detail) => detailLines(detail, manifest)),
    ...(error === undefined ? [] : [`fix: ${error.fix}`]),
    `operation: ${programName} describe operation ${id}`,
    `requestId: ${requestId}`,
  ];
}

function resourceLines(manifest: LocatedManifest | undefined): string[] {
  return manifest === undefined ? [] : [`resource: ${manifest.reference} (${manifest.place})`];
}

function detailLines({ pointer, message, allowed, fix }: ProblemDetail, manifest: LocatedManifest | undefined): string[] {
  const located = pointer === undefined ? undefined : manifest?.locate(pointer);
  const where = located?.place ?? pointer;
  return [
    `${located === undefined ? '  ' : ''}${where === undefined ? '' : `${where}: `}${message}`,
    ...(located === undefined || located.frame === '' ? [] : [located.frame.trimEnd()]),
    ...(allowed === undefined ? [] : [`  allowed: ${allowed.join(', ')}`]),
    ...(fix === undefined ? [] : [`  fix: ${fix}`]),
  ];
}
