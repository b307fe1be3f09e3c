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
 * Named codes for a collection, validator or index that is not possible as declared, or that the existing documents do
 * not allow.
 */
const refusedSchemaCodes = new Set<number>([2, 9, 14, 15, 67, 68, 72, 73, 85, 86, 171, 197, serverCodes.duplicateKey]);

/**
 * mongod's error, also inside an error from {@link asCellError}; `undefined` if the error is not an answer from mongod.
 */
export function serverError(error: unknown): MongoServerError | undefined {
  const source = error instanceof TenureError ? error.cause : error;
  return source instanceof MongoServerError ? source : undefined;
}

/** mongod's error code, also inside an error from {@link asCellError}. */
export function serverCode(error: unknown): number | undefined {
  const code = serverError(error)?.code;
  return code === undefined ? undefined : Number(code);
}

/**
 * Whether mongod refused the content of a command on a collection, validator or index. Most flaws have no named code,
 * only an assertion with its location in mongod's source, such as "Location51091".
 */
export function refusesSchema(error: unknown): boolean {
  const source = serverError(error);
  if (source === undefined) return false;
  // If the collection has documents, the code is generic; for an empty collection the same flaw has its own code.
  if (source.code === serverCodes.operationFailed) return source.message.includes('two identical indexes');
  return refusedSchemaCodes.has(Number(source.code)) || (source.codeName ?? '').startsWith('Location');
}

/**
 * A failed command means that the cell cannot be used now. An unknown outcome counts as a failure: the step is observed
 * again before it does anything else.
 */
export function asCellError(cell: string, error: unknown): unknown {
  if (!(error instanceof MongoError) && !isSocketError(error)) return error;
  const reason = error instanceof MongoServerError ? `${error.codeName ?? error.name} ${error.code}` : error.name;
  return new TenureError('cell_unavailable', `a command failed on cell "${cell}" (${reason})`, { cause: error });
}
