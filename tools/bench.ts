import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';

import { benchActivation } from '../test/bench/activation-bench.ts';
import { benchDecision } from '../test/bench/decision-bench.ts';
import { report } from '../test/bench/figure.ts';
import type { Figure } from '../test/bench/figure.ts';
import { startFloorProcesses } from '../test/bench/floor-processes.ts';
import { memoryFigures, residentMb } from '../test/bench/memory-bench.ts';
import { benchReads } from '../test/bench/read-bench.ts';
import { startInstallation } from '../test/harness/installation.ts';
import { declareBasics, tenantManifest } from '../test/harness/manifests.ts';
import { compilePolicies } from './policies.ts';
import { runMain } from './process/operator-error.ts';
import { freePorts } from './stack/ports.ts';
import { createTemporaryStack } from './stack/temporary-stack.ts';
import { acquireToolchain, toolVariables } from './toolchain/acquire.ts';

const policyBundle = fileURLToPath(new URL('../policies/dist', import.meta.url));
const readTenant = 'read-me';

/** Measures everything part by part on one fresh stack, with Temporal on a database file as `npm start` has it. */
async function main(): Promise<number> {
  const tools = await acquireToolchain({ environment: process.env, report: console.error });
  await compilePolicies(tools.opa);
  const stack = await createTemporaryStack({ temporalStorage: 'file', environment: { ...process.env, ...toolVariables(tools) } });
  try {
    const installation = await startInstallation(stack);
    try {
      const api = installation.client();
      await declareBasics(api);
      await api.call('putTenant', { params: { name: readTenant }, ifNoneMatch: '*', body: tenantManifest(readTenant) });
      const { apiOps: port } = await freePorts();
      const floor = await startFloorProcesses({
        temporal: stack.temporal,
        controlUri: stack.mongod.control.adminUri,
        database: installation.databases.control,
        port,
        tenant: readTenant,
      });
      const figures: Figure[] = [];
      try {
        const workerBeforeMb = residentMb(installation.worker.pid);
        console.error('activations …');
        figures.push(...(await benchActivation(stack, api, floor)));
        const cachedWorkflows = 5 + 30 + 3 * 32;
        const workerAfterMb = residentMb(installation.worker.pid);
        console.error('reads …');
        figures.push(await benchReads(installation.server, floor.rawServer, readTenant, await installation.token()));
        console.error('decisions …');
        figures.push(await benchDecision(policyBundle));
        figures.push(...memoryFigures({ apiMb: residentMb(installation.api.pid), workerBeforeMb, workerAfterMb, cachedWorkflows }));
      } finally {
        await floor.stop();
      }
      console.log(`${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, everything on one machine\n`);
      console.log(report(figures));
      return 0;
    } finally {
      await installation.stop();
    }
  } finally {
    await stack.stop();
  }
}

await runMain(main);
