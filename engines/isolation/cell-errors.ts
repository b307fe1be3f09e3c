import { MongoError, MongoServerError } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';

/** mongod's codes for a collection, validator or index that cannot be as it was declared. */
const schemaCodes = new Set([2, 9, 14, 67, 72, 73, 85, 86, 121, 197, 40415, 51024]);
export const unauthorizedCode = 13;
export const authenticationFailedCode = 18;
export const namespaceNotFoundCode = 26;
export const userNotFoundCode = 11;
export const roleNotFoundCode = 31;
export const namespaceExistsCode = 48;
export const duplicateKeyCode = 11000;
const roleExistsCode = 51002;
const userExistsCode = 51003;

/** Codes that say that a role or user of that name is there already. */
export const alreadyThereCodes = new Set([roleExistsCode, userExistsCode, duplicateKeyCode]);

export function serverCode(error: unknown): number | undefined {
  return error instanceof MongoServerError ? Number(error.code) : undefined;
}

/**
 * What a failed command on a cell means: a declared schema that mongod refuses, or a cell that cannot be worked with now.
 * An unknown outcome counts as unavailable: the step is observed again before anything else is done.
 */
export function asCellError(cell: string, error: unknown): unknown {
  if (!(error instanceof MongoError)) return error;
  const code = serverCode(error);
  if (code !== undefined && schemaCodes.has(code)) return new TenureError('schema_rejected', `mongod refuses: ${error.message}`, { cause: error });
  return new TenureError('cell_unavailable', `cell "${cell}" did not do what was asked (${error.name}${code === undefined ? '' : ` ${code}`})`, { cause: error });
}
