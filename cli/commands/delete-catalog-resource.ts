import type { ApiClient } from '../../client/api-client.ts';
import type { CommandContext } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { parseReference } from '../resources/references.ts';
import type { ResourceKind } from '../resources/kinds.ts';
import { printResources } from '../resources/print.ts';
import { withArticle } from '../text/wording.ts';
import { ifMatchOf } from './verb-options.ts';
import type { VerbOptions } from './verb-options.ts';

interface DeleteRequest {
  readonly params: { readonly name: string };
  readonly query: { readonly dryRun?: 'true' };
  readonly ifMatch: string;
}

/** Kinds without operations. Applying the manifest again restores the resource, so no confirmation is needed. */
const removals = {
  plan: async (api: ApiClient, request: DeleteRequest) => (await api.call('deletePlan', request)).body,
  region: async (api: ApiClient, request: DeleteRequest) => (await api.call('deleteRegion', request)).body,
  template: async (api: ApiClient, request: DeleteRequest) => (await api.call('deleteTemplate', request)).body,
  webhook: async (api: ApiClient, request: DeleteRequest) => (await api.call('deleteWebhook', request)).body,
} as const satisfies Partial<Record<ResourceKind['singular'], unknown>>;

export type CatalogKind = keyof typeof removals;

export const catalogKinds = Object.keys(removals) as readonly CatalogKind[];

/** The plan, region, template or webhook, written `plan/NAME` or `plan NAME`; `undefined` for a tenant. @throws CliFailure usage */
export function catalogReference(
  first: string,
  second: string | undefined,
): { readonly kind: ResourceKind & { readonly singular: CatalogKind }; readonly name: string } | undefined {
  const word = first.split('/')[0] ?? '';
  if (second === undefined && !first.includes('/')) return undefined;
  const { kind, name } = parseReference(second === undefined ? [first] : [first, second]);
  if (kind.singular === 'tenant') return undefined;
  if (!(catalogKinds as readonly string[]).includes(kind.singular))
    throw usageFailure(
      `${withArticle(kind.singular)} cannot be deleted`,
      `give the name of a tenant, or write ${catalogKinds.map((each) => `${each}/NAME`).join(', ')} instead of ${word}/…`,
    );
  return { kind: kind as ResourceKind & { readonly singular: CatalogKind }, name };
}

export async function deleteCatalogResource(
  { kind, name }: NonNullable<ReturnType<typeof catalogReference>>,
  options: VerbOptions & { readonly confirm?: string },
  { terminal, connect }: CommandContext,
): Promise<void> {
  const { confirm, preempt, confirmMassChange, dryRun, output } = options;
  if (preempt === true || confirmMassChange === true)
    throw usageFailure(
      `${preempt === true ? '--preempt' : '--confirm-mass-change'} applies only to a tenant`,
      `remove it: a ${kind.singular} has no operations`,
    );
  if (confirm !== undefined && confirm !== name)
    throw usageFailure(
      `--confirm=${confirm} does not name ${kind.singular}/${name}; nothing was done`,
      `use --confirm=${name}, or remove it`,
    );
  const body = await removals[kind.singular](connect(), {
    params: { name },
    query: dryRun === undefined ? {} : { dryRun: 'true' },
    ifMatch: ifMatchOf(options),
  });
  const line = `${kind.singular}/${name} deleted${dryRun === undefined ? '' : ' (server dry run)'}\n`;
  (output === 'table' ? terminal.stdout : terminal.stderr).write(line);
  if (output !== 'table') printResources(terminal, output, kind, [{ name, body }], true);
}
