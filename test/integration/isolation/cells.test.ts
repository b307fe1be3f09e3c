import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createCells, endpointOf } from '../../../engines/isolation/cells.ts';

describe('the endpoint of a cell says how to reach it, and nothing about the plane', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['mongodb://user:secret@one:27017/?replicaSet=a&authSource=admin', 'mongodb://one:27017/?replicaSet=a'],
    [
      'mongodb://user:secret@one:27017,two:27018,three/?replicaSet=a&authSource=admin',
      'mongodb://one:27017,two:27018,three/?replicaSet=a',
    ],
    ['mongodb+srv://user:secret@cell.example/?authSource=admin&tls=true', 'mongodb+srv://cell.example/?tls=true'],
    [
      'mongodb://us%40er:p%3Aw%2F@one/admin?authMechanism=SCRAM-SHA-256&authMechanismProperties=A:b&AUTHSOURCE=x&w=1',
      'mongodb://one/',
    ],
    ['mongodb://one', 'mongodb://one/'],
    ['mongodb://user:secret@one', 'mongodb://one/'],
    ['mongodb://user:secret@one?replicaSet=a', 'mongodb://one/?replicaSet=a'],
    [
      'mongodb://one/?tlsCertificateKeyFilePassword=secret&tlsCertificateKeyFile=/k&tlsCAFile=/ca&ssl=true&tlsInsecure=true',
      'mongodb://one/?ssl=true',
    ],
    ['mongodb://one/?proxyHost=p&proxyUsername=u&proxyPassword=secret&appName=plane&maxPoolSize=5', 'mongodb://one/'],
    [
      'mongodb://one/?directConnection=true&ReplicaSet=a&readPreference=secondary&compressors=zstd,zlib&unheardOf=secret',
      'mongodb://one/?directConnection=true&ReplicaSet=a&compressors=zstd,zlib',
    ],
    ['mongodb://%2Ftmp%2Fmongodb-27017.sock/?authSource=admin', 'mongodb://%2Ftmp%2Fmongodb-27017.sock/'],
    ['mongodb://[::1]:27017/?replicaSet=a', 'mongodb://[::1]:27017/?replicaSet=a'],
  ];
  for (const [uri, endpoint] of cases) test(endpoint, () => assert.equal(endpointOf(uri), endpoint));

  for (const uri of [
    'mongodb://user:se?cret@one',
    'mongodb://user:se/cret@one',
    'mongodb://user:se@cret@one',
    'mongodb://user:se#cret@one',
    'mongodb://',
    'http://user:secret@one/',
  ]) {
    test(`an address that cannot be parsed is refused, and the error does not repeat it: ${uri}`, () =>
      assert.throws(
        () => endpointOf(uri),
        (error: unknown) => error instanceof TypeError && !error.message.includes('cret'),
      ));
  }
});

test('the error for a cell that is not configured names the cell and the fix', async () => {
  await assert.rejects(createCells({ cells: [], identityOf: async () => undefined }).reach('eu-west-1-a'), {
    code: 'cell_unavailable',
    message: /"eu-west-1-a".*add it to the cells file/,
  });
});
