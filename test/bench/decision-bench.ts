import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import type { AdmissionRequest } from '../../contracts/policy.ts';
import { loadPolicyEngine } from '../../engines/policy/policy-engine.ts';
import { policyEntrypoints } from '../../engines/policy/bundle.ts';
import { tenantSpecSchema } from '../../contracts/manifests/tenant.ts';
import { tenantManifest } from '../harness/manifests.ts';
import { percentile } from './figure.ts';
import type { Figure } from './figure.ts';

const batches = 30;
const batchSize = 200;

const request: AdmissionRequest = {
  v: 1,
  now: '2026-01-01T00:00:00.000Z',
  action: 'tenant.activate',
  actor: { subject: 'alice@example.com', roles: ['operator'] },
  tenant: {
    name: 'acme',
    uid: '01hzzzzzzzzzzzzzzzzzzzzza1',
    lifecycle: 'Draft',
    spec: tenantSpecSchema.parse(tenantManifest('acme').spec),
  },
  plan: { name: 'startup', spec: { isolationModes: ['dedicated'], quotas: { tables: 100 } } },
  regions: ['eu-west-1', 'us-east-1'].map((name) => ({
    name,
    spec: { jurisdiction: 'EU', acceptsTenants: true, cells: [{ name: `${name}-a`, tableBudget: 20_000 }] },
  })),
};

/**
 * An admission decision of the engine compared with opa-wasm's own `evaluate` of the same input, in alternating
 * batches.
 */
export async function benchDecision(bundleDirectory: string): Promise<Figure> {
  const engine = await loadPolicyEngine({ bundleDirectory });
  const raw = await loadPolicy(readFileSync(join(bundleDirectory, 'policy.wasm')), { initial: 16, maximum: 2048 });
  raw.setData(JSON.parse(readFileSync(join(bundleDirectory, 'data.json'), 'utf8')) as object);
  if (!engine.admit(request).allow) throw new Error('policy denies the request of the benchmark');
  const timed = (decide: () => unknown): number => {
    const began = performance.now();
    for (let index = 0; index < batchSize; index += 1) decide();
    return ((performance.now() - began) * 1000) / batchSize;
  };
  const ours: number[] = [];
  const floor: number[] = [];
  for (let batch = 0; batch < batches; batch += 1) {
    floor.push(timed(() => raw.evaluate(request, policyEntrypoints.admit)));
    ours.push(timed(() => engine.admit(request)));
  }
  return {
    name: 'admission decision',
    value: percentile(ours, 0.5),
    unit: 'µs',
    floor: { name: 'raw opa-wasm', value: percentile(floor, 0.5) },
    goal: { of: 'ratio', atMost: 2 },
  };
}
