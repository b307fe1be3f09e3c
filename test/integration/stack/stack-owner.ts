// Started by lifetime.test.ts, which kills it.
import { replicaSetNames } from '../../../tools/stack/mongod.ts';
import { createTemporaryStack } from '../../../tools/stack/temporary-stack.ts';

const stack = await createTemporaryStack();
const pids = [stack.temporalServer.pid, ...replicaSetNames.map((name) => stack.mongodHandle(name).pid)];
console.log(JSON.stringify({ dataDirectory: stack.dataDirectory, pids }));
// The reaper's pipe does not keep this process alive.
setInterval(() => {}, 1_000);
