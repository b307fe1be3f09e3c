import { MongoError, MongoServerError } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';
import { isSocketError } from '../../platform/socket-error.ts';

/** mongod's own names are in its `error_codes.yml`. */
export const serverCodes = {
  userNotFound: 11,
  unauthorized: 13,
  authenticationFailed: 18,
  lockTimeout: 24,
  namespaceNotFound: 26,
  indexNotFound: 27,
  roleNotFound: 31,
  namespaceExists: 48,
  maxTimeMsExpired: 50,
  operationFailed: 96,
  conflictingOperationInProgress: 117,
  indexBuildAborted: 276,
  collectionUuidMismatch: 361,
  duplicateKey: 11000,
  commandNotSupportedOnView: 166,
  backgroundOperationInProgress: 12587,
  roleExists: 51002,
  userExists: 51003,
} as const;

/**
 * Named codes for a collection, validator or index that cannot be as it was declared, or that the documents already
 * there do not allow.
 */
const refusedSchemaCodes = new Set<number>([2, 9, 14, 15, 67, 68, 72, 73, 85, 86, 171, 197, serverCodes.duplicateKey]);

/** What mongod answered, also of what {@link asCellError} has made of it; `undefined` where it was no answer of mongod's. */
export function serverError(error: unknown): MongoServerError | undefined {
  const source = error instanceof TenureError ? error.cause : error;
  return source instanceof MongoServerError ? source : undefined;
}

/** mongod's code for why a command failed, also of what {@link asCellError} has made of it. */
export function serverCode(error: unknown): number | undefined {
  const code = serverError(error)?.code;
  return code === undefined ? undefined : Number(code);
}

/**
 * Whether mongod has refused what a command on a collection, validator or index says. Most flaws have no named code: an
 * assertion on the input of which mongod says only where it stands in its source, as "Location51091".
 */
export function refusesSchema(error: unknown): boolean {
  const source = serverError(error);
  if (source === undefined) return false;
  // By a code that says nothing, where the collection holds documents; where it is empty the same flaw has a code of its own.
  if (source.code === serverCodes.operationFailed) return source.message.includes('two identical indexes');
  return refusedSchemaCodes.has(Number(source.code)) || (source.codeName ?? '').startsWith('Location');
}

/**
 * A failed command means a cell that cannot be worked with now. An unknown outcome counts as the same: the step is
 * observed again before anything else is done.
 */
export function asCellError(cell: string, error: unknown): unknown {
  if (!(error instanceof MongoError) && !isSocketError(error)) return error;
  const why = error instanceof MongoServerError ? `${error.codeName ?? error.name} ${error.code}` : error.name;
  return new TenureError('cell_unavailable', `cell "${cell}" did not do what was asked (${why})`, { cause: error });
}
