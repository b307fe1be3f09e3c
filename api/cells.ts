import { MongoClient } from 'mongodb';
import { TenureError } from '../domain/tenure-error.ts';
import type { Cells } from '../engines/isolation/cells.ts';
import type { RehearsalCells } from '../engines/isolation/rehearsal/rehearse-schema.ts';

export interface CellAddressesDependencies {
  readonly cells: Pick<Cells, 'look' | 'lastSeen'>;
  /** Addresses by cell, without credentials. */
  readonly addresses: ReadonlyMap<string, string>;
}

/**
 * The address of a cell, for a tenant. It is not returned if a different deployment has answered there. It is returned
 * if this process cannot reach it: the tenant may still be able to, and with SCRAM a wrong server cannot learn the
 * password.
 */
export function createCellAddresses({
  cells,
  addresses,
}: CellAddressesDependencies): (cell: string) => Promise<string> {
  return async (cell) => {
    const address = addresses.get(cell);
    if (address === undefined)
      throw new TenureError(
        'cell_unavailable',
        `no address is configured for cell "${cell}"; add it to the cells file of the API and restart it`,
      );
    const lastCheck = cells.lastSeen(cell) ?? (await cells.look(cell));
    if (lastCheck.mismatch === true)
      throw new TenureError('cell_mismatch', lastCheck.error ?? 'a different deployment answers there');
    return address;
  };
}

/** Connections to cells for dry runs. Nothing else in this process queries a cell. */
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
      const client =
        clients.get(name) ??
        new MongoClient(address.uri, {
          appName: 'tenure-api-dry-run',
          maxPoolSize: 4,
          serverSelectionTimeoutMS: 2_000,
          connectTimeoutMS: 2_000,
          socketTimeoutMS: 10_000,
          waitQueueTimeoutMS: 2_000,
        });
      clients.set(name, client);
      // Call it each time, because a client does not retry by itself after its first attempt has failed.
      return client.connect();
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
