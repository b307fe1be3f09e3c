import assert from 'node:assert/strict';
import type { Tenant } from '../../../contracts/manifests/tenant.ts';
import type { Exchange } from '../../harness/http-exchange.ts';
import type { Installation } from '../../harness/installation.ts';
import { declareBasics, tenantManifest } from '../../harness/manifests.ts';
import type { TenantInput } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';

export const path = '/v1/tenants/acme';

function manifest(
  spec: Partial<TenantInput['spec']>,
  labels: Record<string, string> = {},
  annotations: Record<string, string> = {},
): TenantInput {
  const { metadata, ...rest } = tenantManifest('acme', spec);
  return { ...rest, metadata: { ...metadata, labels, annotations } };
}

/** What each generation declares; the fifth starts an activation. */
export const declarations: readonly TenantInput[] = [
  manifest({ displayName: 'One' }),
  manifest({ displayName: 'Two' }, { env: 'dev', constructor: 'yes' }),
  manifest({ displayName: 'Two' }, { env: 'prod' }, { 'a/b': 'note' }),
  manifest({ services: [{ name: 'shop', collections: [{ name: 'orders' }, { name: 'carts' }] }] }, { env: 'prod' }),
  manifest(
    { services: [{ name: 'shop', collections: [{ name: 'orders' }, { name: 'carts' }] }], lifecycle: 'Active' },
    { env: 'prod' },
  ),
];

/** The tenant as it is now. */
export async function readTenant(exchange: Exchange): Promise<Tenant> {
  return (await exchange({ path })).json<Tenant>();
}

/** Declares one generation after the other and waits until the tenant is Active. Returns the time of each. */
export async function declareHistory(
  installation: Pick<Installation, 'client'>,
  exchange: Exchange,
): Promise<readonly string[]> {
  await declareBasics(installation.client());
  const times: string[] = [];
  for (const [index, body] of declarations.entries()) {
    const answer = await exchange({
      method: 'PUT',
      path,
      body,
      headers: index === 0 ? { 'if-none-match': '*' } : { 'if-match': '*' },
      who: { subject: `editor-${index + 1}@example.com`, roles: ['admin'] },
    });
    assert.ok(answer.status < 300, answer.text);
    times.push(answer.json<{ tenant: Tenant }>().tenant.metadata.updateTime);
    // So that no two generations have the same millisecond.
    await until('the clock advances', () => Date.now() > Date.parse(times.at(-1) ?? ''));
  }
  await until('acme is Active', async () => (await readTenant(exchange)).status.lifecycle === 'Active');
  return times;
}
