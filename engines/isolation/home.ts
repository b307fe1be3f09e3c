import type { Collection, Db, Document } from 'mongodb';
import type { TenantSpec } from '../../contracts/manifests/tenant.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { withinMs } from '../../platform/deadline.ts';
import { homeNames } from '../../domain/isolation.ts';
import type { HomeNames } from '../../domain/isolation.ts';
import { asCellError } from './cell-errors.ts';
import type { Cell } from './cells.ts';

/** How long the one who works on a home may still do so. */
export interface WorkLease {
  /** Milliseconds left, at least 1. @throws TenureError fenced, when there are none */
  remainingMs(): number;
}

/** A tenant's place on a cell, and who is at work on it. */
export interface Home {
  readonly installation: string;
  readonly uid: string;
  readonly operationId: string;
  readonly spec: TenantSpec;
  readonly cell: Cell;
  readonly names: HomeNames;
  readonly lease: WorkLease;
}

export function describeHome(home: Omit<Home, 'names'>): Home {
  return { ...home, names: homeNames(home.uid) };
}

/** What the plane has claimed on a cell: the proof that a database of that name is its own. */
export interface ClaimDocument {
  _id: string;
  installation: string;
  tenant: string;
  operationId: string;
  createTime: Date;
}

const planeDatabase = 'tenure_cell';

export function claimsOf(home: Home): Collection<ClaimDocument> {
  return home.cell.client.db(planeDatabase, { writeConcern: { w: 'majority', journal: true } }).collection<ClaimDocument>('claims');
}

export function databaseOf(home: Home): Db {
  return home.cell.client.db(home.names.database, { writeConcern: { w: 'majority', journal: true } });
}

/** What bounds a call in mongod. */
export interface CallBound {
  readonly maxTimeMS: number;
}

/**
 * Runs one call on the home's cell. The lease is looked at just before, and bounds the call here and in mongod, so that
 * nothing is begun by one who has lost it.
 */
export async function onCell<T>(home: Home, call: (options: CallBound) => Promise<T>): Promise<T> {
  const maxTimeMS = home.lease.remainingMs();
  const late = (): TenureError => new TenureError('cell_unavailable', `cell "${home.cell.name}" did not answer within the lease`);
  try {
    return await withinMs(maxTimeMS, call({ maxTimeMS }), late);
  } catch (error) {
    throw asCellError(home.cell.name, error);
  }
}

/** As {@link onCell}, but mongod's answer is `undefined` where its refusal has one of these codes. */
export async function onCellUnless<T>(home: Home, codes: ReadonlySet<number>, call: (options: CallBound) => Promise<T>): Promise<T | undefined> {
  return await onCell(home, async (options) => {
    try {
      return await call(options);
    } catch (error) {
      if (typeof error === 'object' && error !== null && 'code' in error && codes.has(Number(error.code))) return undefined;
      throw error;
    }
  });
}

const noCodes: ReadonlySet<number> = new Set();

/** Runs a command on the tenant's database. Returns `undefined` where mongod refuses with one of `ignoring`. */
export function runCommand(home: Home, command: Document, ignoring = noCodes): Promise<Document | undefined> {
  return onCellUnless(home, ignoring, (bound) => databaseOf(home).command({ ...command, ...bound }));
}
