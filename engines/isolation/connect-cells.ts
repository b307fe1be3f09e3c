import { MongoClient } from 'mongodb';
import { endpointOf } from './cells.ts';
import type { Cell } from './cells.ts';

export interface ConnectOptions {
  /** The name under which mongod shows the connections of this process. */
  readonly appName: string;
  readonly maxPoolSize: number;
}

/**
 * A client for each cell. It connects on first use, so that an unreachable cell does not keep the process from
 * starting.
 */
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
