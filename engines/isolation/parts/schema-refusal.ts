import type { MongoServerError } from 'mongodb';
import { TenureError } from '../../../domain/tenure-error.ts';
import { refusesSchema, serverCodes, serverError } from '../cell-errors.ts';
import { declaredName } from './index-changes.ts';

/** What mongod says of a build that has failed before it has read a document. */
const beforeDocuments = /Caught exception during index builder|index build on empty collection failed/;

/** Named codes for a flaw of the index, which a build finds as well. */
const indexCodes = new Set<unknown>([67, 68, 85, 86, serverCodes.operationFailed, 197]);

/**
 * Whether the words are about the declared index only. Of what the documents do not allow, mongod's words hold values, keys or all of a
 * document, and by codes of which there is no list: what is not known to speak of the index counts as speaking of documents.
 */
function speaksOfIndex({ code, codeName = '', message }: MongoServerError): boolean {
  if (code === serverCodes.duplicateKey) return false;
  const isUnbuilt = !message.startsWith('Index build failed') && !codeName.startsWith('Location');
  return indexCodes.has(code) || isUnbuilt || beforeDocuments.test(message);
}

/** The one that mongod names, or all that were asked for. Only what was declared is ever named. */
function namesIn({ message }: MongoServerError, asked: readonly string[]): readonly string[] {
  const named = asked.filter((name) => message.includes(`index: ${name} dup key:`));
  return [...new Set((named.length > 0 ? named : asked).map(declaredName))];
}

/**
 * What mongod's refusal of a declared collection, validator or index is to the plane. The words go into conditions, logs and what
 * operators read, so they hold nothing of the tenant's documents (docs/decisions/0005-operator-text-stays-readable.md). Another error is
 * returned as it is.
 * @param indexes names of those that were asked for; none for a command that reads no document
 */
export function asSchemaRefusal(error: unknown, collection: string, indexes: readonly string[] = []): unknown {
  const source = serverError(error);
  if (source === undefined || !refusesSchema(error)) return error;
  if (indexes.length === 0 || speaksOfIndex(source))
    return new TenureError('schema_rejected', `collection "${collection}": mongod refuses: ${source.message}`, {
      cause: source,
    });
  // Without the cause: a log tells its words.
  return new TenureError(
    'schema_rejected',
    `collection "${collection}": its documents do not allow index ${namesIn(source, indexes).join(', ')} (${source.codeName ?? source.name} ${source.code})`,
  );
}
