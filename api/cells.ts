import { MongoClient } from 'mongodb';
import { TenureError } from '../domain/tenure-error.ts';
import type { Cells } from '../engines/isolation/cells.ts';
import type { RehearsalCells } from '../engines/isolation/rehearsal/rehearse-schema.ts';

export interface CellAddressesDependencies {
  readonly cells: Pick<Cells, 'look' | 'lastSeen'>;
  /** Without credentials, by cell. */
  readonly addresses: ReadonlyMap<string, string>;
}

/**
 * The address of a cell, for a tenant. One at which another deployment has been seen is not handed out. One that this process does not reach is: the
 * tenant may, and proves to a wrong one no more than that it knows a password (SCRAM).
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
    const seen = cells.lastSeen(cell) ?? (await cells.look(cell));
    if (seen.mismatch === true) throw new TenureError('cell_mismatch', seen.error ?? 'another deployment');
    return address;
  };
}

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
      // Each time: a client whose first try has failed does not try again by itself.
      return client.connect();
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
