import { MongoError, MongoServerError } from 'mongodb';
import type { ClientSession } from 'mongodb';
import { isSocketError } from '../platform/socket-error.ts';
import { TenureError } from '../domain/tenure-error.ts';

const duplicateKeyCode = 11000;

export function isDuplicateKey(error: unknown): error is MongoServerError {
  return error instanceof MongoServerError && error.code === duplicateKeyCode;
}

/**
 * What a failed call to the control database means to a caller: unavailable, unless mongod refused it for good. A write
 * with an unknown outcome is reported the same way; callers retry it under its idempotency key or checkpoint.
 */
export function asControlError(error: unknown): unknown {
  if (!(error instanceof MongoError) && !isSocketError(error)) return error;
  if (error instanceof MongoServerError && !isTransient(error)) return error;
  return new TenureError('control_unavailable', 'the control database did not answer in time', { cause: error });
}

/** Codes with which mongod says "not now": step-down, shutdown, interruption, time-out, lost write concern. */
const transientCodes = new Set([
  6, 7, 50, 64, 89, 91, 112, 134, 189, 251, 262, 9001, 10107, 11600, 11602, 13435, 13436,
]);

function isTransient(error: MongoServerError): boolean {
  return (
    error.hasErrorLabel('TransientTransactionError') ||
    error.hasErrorLabel('RetryableWriteError') ||
    transientCodes.has(Number(error.code))
  );
}

/**
 * What a failed ledger write means: nothing can be changed now, whatever mongod's reason. Errors that the driver
 * retries are returned unchanged.
 */
export function asLedgerError(error: unknown): unknown {
  if (!(error instanceof MongoError) || error.hasErrorLabel('TransientTransactionError')) return error;
  return new TenureError('control_unavailable', 'the ledger entry could not be written, so nothing was changed', {
    cause: error,
  });
}

/** Runs a read or a single write on the control database and translates its failure. */
export async function onControl<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw asControlError(error);
  }
}

/**
 * Reads as a transaction sees the data, or without a transaction if there is none. Inside a transaction errors are not
 * translated: the driver must see transient ones to start the transaction again.
 */
export async function seenBy<T>(
  tx: { readonly session: ClientSession } | undefined,
  read: (options: { readonly session?: ClientSession }) => Promise<T>,
): Promise<T> {
  return tx === undefined ? onControl(() => read({})) : read({ session: tx.session });
}
