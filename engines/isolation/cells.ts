import type { MongoClient } from 'mongodb';
import { TenureError } from '../../domain/tenure-error.ts';

/** One MongoDB deployment that tenants live in. */
export interface Cell {
  readonly name: string;
  /** Connected as the plane. */
  readonly client: MongoClient;
  /** Address for tenants, without credentials. */
  readonly endpoint: string;
}

export interface Cells {
  readonly names: readonly string[];
  /** @throws TenureError cell_unavailable, when the deployment does not know the cell */
  get(name: string): Cell;
}

export function createCells(cells: readonly Cell[]): Cells {
  const byName = new Map(cells.map((cell) => [cell.name, cell]));
  return {
    names: [...byName.keys()],
    get(name) {
      const cell = byName.get(name);
      if (cell === undefined) throw new TenureError('cell_unavailable', `no address is configured for cell "${name}"; add it to the cells file`);
      return cell;
    },
  };
}

const credentialOptions = new Set(['authsource', 'authmechanism', 'authmechanismproperties']);

/**
 * The address of a deployment without the credentials in it. Not by `URL`, which refuses the several hosts of a replica set.
 */
export function endpointOf(uri: string): string {
  const [address = '', query = ''] = uri.split('?', 2);
  const options = query.split('&').filter((option) => option !== '' && !credentialOptions.has(option.slice(0, option.indexOf('=')).toLowerCase()));
  const withoutUser = address.replace(/^([a-z+]+:\/\/)[^/]*@/, '$1');
  return options.length === 0 ? withoutUser : `${withoutUser}?${options.join('&')}`;
}
