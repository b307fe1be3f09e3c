import { MongoClient } from 'mongodb';
import { endpointOf } from '../engines/isolation/cells.ts';
import type { Cell } from '../engines/isolation/cells.ts';

/** Connects to every cell when it is first used; a cell that is away does not keep the worker from starting. */
export function connectCells(addresses: ReadonlyMap<string, { readonly uri: string }>): Cell[] {
  return [...addresses].map(([name, { uri }]) => ({
    name,
    endpoint: endpointOf(uri),
    client: new MongoClient(uri, { appName: 'tenure-worker', maxPoolSize: 20, serverSelectionTimeoutMS: 3_000, connectTimeoutMS: 3_000, socketTimeoutMS: 15_000 }),
  }));
}
