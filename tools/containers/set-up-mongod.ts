// Runs in the network of the mongod that it sets up, because only a local client may create the first user of a mongod.
import { readFileSync } from 'node:fs';

import { OperatorError, runMain } from '../process/operator-error.ts';
import { defaultDatabases } from '../stack/process-environment.ts';
import { setUpReplicaSet } from '../stack/mongod-setup.ts';
import type { MongodPasswords } from '../stack/secrets.ts';

const usage = 'usage: set-up-mongod.ts <control|cell> <replica set> <host:port of the member> <passwords file>';

async function main(): Promise<number> {
  const [kind, replicaSet, memberHost, passwordsFile] = process.argv.slice(2);
  if (
    (kind !== 'control' && kind !== 'cell') ||
    replicaSet === undefined ||
    memberHost === undefined ||
    passwordsFile === undefined
  )
    throw new OperatorError(usage);
  await setUpReplicaSet({
    replicaSet,
    port: Number(memberHost.split(':')[1]),
    memberHost,
    passwords: JSON.parse(readFileSync(passwordsFile, 'utf8')) as MongodPasswords,
    planeRoles: kind === 'cell' ? { kind } : { kind, databases: [defaultDatabases.control, defaultDatabases.secrets] },
    failure: (problem) => new OperatorError(`mongod "${replicaSet}" ${problem}; see its log`),
  });
  console.log(`mongod "${replicaSet}" is primary and has its users`);
  return 0;
}

await runMain(main);
