import type { Document } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import { writeOnCell } from '../cell-commands.ts';
import type { CommandBounds } from '../command-bounds.ts';
import { serverCodes } from '../cell-errors.ts';
import type { Home } from '../home.ts';
import { withExclusiveAccess } from './in-the-way.ts';
import { asSchemaRefusal } from './schema-refusal.ts';

/** Refusals caused by another attempt at the same step; the next check shows what is left to do. */
const changedMeanwhile = new Set<number>([
  serverCodes.namespaceExists,
  serverCodes.namespaceNotFound,
  serverCodes.indexNotFound,
  serverCodes.conflictingOperationInProgress,
  serverCodes.indexBuildAborted,
  serverCodes.backgroundOperationInProgress,
]);

/** A declared collection in a home. */
export interface CollectionInHome {
  readonly home: Home;
  readonly namespace: HomeNamespace;
}

/**
 * Changes a collection or its definition.
 * @throws TenureError schema_rejected, cell_unavailable; what the lease throws
 */
export async function changeCollection(
  { home, namespace }: CollectionInHome,
  command: Document,
  bounds?: CommandBounds,
): Promise<void> {
  try {
    await withExclusiveAccess(home, () => writeOnCell(home, namespace.database, command, changedMeanwhile, bounds));
  } catch (error) {
    throw asSchemaRefusal(error, namespace.declared.name, namesOf(command));
  }
}

/** The names of the indexes that a command asks for. */
function namesOf({ indexes = [] }: Document): string[] {
  return (indexes as readonly { readonly name: string }[]).map(({ name }) => name);
}
