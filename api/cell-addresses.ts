import { TenureError } from '../domain/tenure-error.ts';
import type { Cells } from '../engines/isolation/cells.ts';

export interface CellAddressesDependencies {
  readonly cells: Pick<Cells, 'look' | 'lastSeen'>;
  /** Without credentials, by cell. */
  readonly addresses: ReadonlyMap<string, string>;
}

/**
 * The address of a cell, for a tenant. One at which another deployment has been seen is not handed out. One that this process does not reach is: the
 * tenant may, and proves to a wrong one no more than that it knows a password (SCRAM).
 */
export function createCellAddresses({ cells, addresses }: CellAddressesDependencies): (cell: string) => Promise<string> {
  return async (cell) => {
    const address = addresses.get(cell);
    if (address === undefined) throw new TenureError('cell_unavailable', `no address is configured for cell "${cell}"; add it to the cells file of the API and restart it`);
    const seen = cells.lastSeen(cell) ?? (await cells.look(cell));
    if (seen.mismatch === true) throw new TenureError('cell_mismatch', seen.error ?? 'another deployment');
    return address;
  };
}
