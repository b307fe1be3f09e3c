import { MongoClient } from 'mongodb';
import { endpointOf } from './cells.ts';
import type { Cell } from './cells.ts';

export interface ConnectOptions {
  /** By it mongod names the connections of this process. */
  readonly appName: string;
  readonly maxPoolSize: number;
}

/** A client for each cell, which connects when it is first used: a cell that is away does not keep the process from starting. */
export function connectCells(
  addresses: ReadonlyMap<string, { readonly uri: string }>,
  options: ConnectOptions,
): Cell[] {
  return [...addresses].map(([name, { uri }]) => ({
    name,
    endpoint: endpointOf(uri),
    client: new MongoClient(uri, {
      ...options,
      serverSelectionTimeoutMS: 3_000,
      connectTimeoutMS: 3_000,
      socketTimeoutMS: 15_000,
    }),
  }));
}
