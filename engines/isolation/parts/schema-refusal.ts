import type { MongoServerError } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { refusesSchema, serverCodes, serverError } from '../cell-errors.ts';
import { declaredName } from './index-changes.ts';

/** mongod's words for a build that failed before it read a document. */
const failedBeforeDocuments = /Caught exception during index builder|index build on empty collection failed/;

/** Named codes for a flaw of the index itself, which a build can also report. */
const indexCodes = new Set<unknown>([67, 68, 85, 86, serverCodes.operationFailed, 197]);

/**
 * Whether mongod's message is only about the declared index. If the documents do not allow an index, the message may
 * contain values, keys or a whole document, and there is no list of its codes: a message that is not known to be about
 * the index counts as one about documents.
 */
function isAboutIndex({ code, codeName = '', message }: MongoServerError): boolean {
  if (code === serverCodes.duplicateKey) return false;
  const isUnbuilt = !message.startsWith('Index build failed') && !codeName.startsWith('Location');
  return indexCodes.has(code) || isUnbuilt || failedBeforeDocuments.test(message);
}

/** The index that mongod names, or all that were requested. Only declared names are ever returned. */
function namesIn({ message }: MongoServerError, requested: readonly string[]): readonly string[] {
  const named = requested.filter((name) => message.includes(`index: ${name} dup key:`));
  return [...new Set((named.length > 0 ? named : requested).map(declaredName))];
}

/**
 * Converts mongod's refusal of a declared collection, validator or index into an error of the plane. Its message
 * appears in conditions, logs and what operators read, so it contains nothing from the tenant's documents
 * (docs/decisions/0005-operator-text-stays-readable.md). Returns any other error unchanged.
 * @param indexes names of the requested indexes; none for a command that reads no document
 */
export function asSchemaRefusal(error: unknown, collection: string, indexes: readonly string[] = []): unknown {
  const source = serverError(error);
  if (source === undefined || !refusesSchema(error)) return error;
  if (indexes.length === 0 || isAboutIndex(source))
    return new TenureError('schema_rejected', `collection "${collection}": mongod refuses: ${source.message}`, {
      cause: source,
    });
  // Without the cause, because a log would show its message.
  return new TenureError(
    'schema_rejected',
    `collection "${collection}": its documents do not allow index ${namesIn(source, indexes).join(', ')} (${source.codeName ?? source.name} ${source.code})`,
  );
}
