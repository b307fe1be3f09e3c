import { MongoClient } from 'mongodb';
import type { RehearsalCells } from '../engines/isolation/rehearsal/rehearse-schema.ts';

/** Connections to cells, for dry runs. Nothing else in this process asks a cell. */
export interface OpenRehearsalCells extends RehearsalCells {
  close(): Promise<void>;
}

export function openRehearsalCells(addresses: ReadonlyMap<string, { readonly uri: string }>): OpenRehearsalCells {
  const clients = new Map<string, MongoClient>();
  return {
    names: [...addresses.keys()],
    async connected(name) {
      const address = addresses.get(name);
      if (address === undefined) throw new Error(`no address is configured for cell "${name}"`);
      const client = clients.get(name) ?? new MongoClient(address.uri, { appName: 'tenure-api-dry-run', maxPoolSize: 4, serverSelectionTimeoutMS: 2_000, connectTimeoutMS: 2_000, socketTimeoutMS: 10_000, waitQueueTimeoutMS: 2_000 });
      clients.set(name, client);
      // Each time: a client whose first try has failed does not try again by itself.
      return client.connect();
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
