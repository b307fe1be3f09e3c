import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import { noopActivities } from './noop-activities.ts';

/** The simplest possible worker, in a separate process: `bare-worker.ts <address> <namespace> <task queue>`. */
const [address = '', namespace = '', taskQueue = ''] = process.argv.slice(2);
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  namespace,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./bare-workflows.ts', import.meta.url)),
  activities: { ...noopActivities },
  maxCachedWorkflows: 200,
});
process.once('SIGTERM', () => worker.shutdown());
console.log('ready');
await worker.run();
process.exit(0);
