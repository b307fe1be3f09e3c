import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCells, endpointOf } from '../../../engines/isolation/cells.ts';

describe('the endpoint of a cell has everything of its address but the credentials', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['mongodb://user:secret@one:27017/?replicaSet=a&authSource=admin', 'mongodb://one:27017/?replicaSet=a'],
    ['mongodb://user:secret@one:27017,two:27018,three/?replicaSet=a&authSource=admin', 'mongodb://one:27017,two:27018,three/?replicaSet=a'],
    ['mongodb+srv://user:secret@cell.example/?authSource=admin&tls=true', 'mongodb+srv://cell.example/?tls=true'],
    ['mongodb://us%40er:p%3Aw%2F@one/admin?authMechanism=SCRAM-SHA-256&authMechanismProperties=A:b&AUTHSOURCE=x&w=1', 'mongodb://one/admin?w=1'],
    ['mongodb://one', 'mongodb://one'],
    ['mongodb://user:secret@one', 'mongodb://one'],
  ];
  for (const [uri, endpoint] of cases) test(endpoint, () => assert.equal(endpointOf(uri), endpoint));
});

test('a cell that is not configured is named, with what to do', () => {
  assert.throws(() => createCells([]).get('eu-west-1-a'), { code: 'cell_unavailable', message: /"eu-west-1-a"; add it to the cells file/ });
});
