import type { Figure } from './figure.ts';
import { requestsPerSecond, turnByTurn } from './api/load.ts';

/** Reads of one tenant compared with express and the raw driver, measured alternately. */
export async function benchReads(server: string, rawServer: string, tenant: string, token: string): Promise<Figure> {
  const { value, floor } = await turnByTurn(
    () => requestsPerSecond(`${server}/v1/tenants/${tenant}`, { authorization: `Bearer ${token}` }),
    () => requestsPerSecond(`${rawServer}/tenant`),
  );
  return {
    name: 'GET of a tenant',
    value,
    unit: '/s',
    floor: { name: 'express + raw driver', value: floor },
    goal: { of: 'ratio', atLeast: 0.6 },
  };
}
