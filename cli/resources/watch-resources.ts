import type { ApiClient } from '../../client/api-client.ts';
import { watchOperations, watchTenants } from '../../client/watch.ts';
import type { Operation } from '../../contracts/operation.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { Terminal } from '../command-context.ts';
import { usageFailure } from '../failure.ts';
import { operationKind, tenantKind } from './kinds.ts';
import type { Listed, OperationFilter, ResourceKind, TenantFilter } from './kinds.ts';
import { renderObject } from './print.ts';
import type { OutputFormat } from './print.ts';

export interface WatchedResources {
  readonly kind: ResourceKind;
  readonly name: string | undefined;
  readonly filter: TenantFilter & OperationFilter;
  readonly output: OutputFormat;
}

/** A removed tenant, in the form of a resource. */
interface Gone {
  readonly kind: 'Tenant';
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly gone: true;
}

/** Current resources, and removed ones. */
interface ResourceChange {
  readonly listed: readonly Listed[];
  readonly gone: readonly Gone[];
}

const tenantListed = (body: Tenant): Listed => ({ name: body.metadata.name, body });
const operationListed = (body: Operation): Listed => ({ name: body.id, body });

async function* tenantChanges(
  api: ApiClient,
  filter: TenantFilter,
  name: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<ResourceChange> {
  // Report a missing tenant now; otherwise the watch would wait for it without any message.
  if (name !== undefined) await tenantKind.get(api, name);
  // A tenant given by name is also shown while it is Deleted, as without a watch.
  const query = name === undefined ? { filter } : { name, filter: { ...filter, showDeleted: 'true' as const } };
  const known = new Map<string, string>();
  for await (const news of watchTenants(api, { ...query, signal })) {
    if (news.kind === 'gone') {
      known.delete(news.tenant.uid);
      yield { listed: [], gone: [goneTenant(news.tenant)] };
      continue;
    }
    const tenants = news.kind === 'listed' ? news.tenants : [news.tenant];
    const removed =
      news.kind === 'listed' ? [...known].filter(([uid]) => tenants.every(({ metadata }) => metadata.uid !== uid)) : [];
    for (const [uid] of removed) known.delete(uid);
    for (const { metadata } of tenants) known.set(metadata.uid, metadata.name);
    // A new list after a long interruption does not contain tenants that were removed in the meantime.
    yield {
      listed: tenants.map(tenantListed),
      gone: removed.map(([uid, removedName]) => goneTenant({ uid, name: removedName })),
    };
  }
}

function goneTenant({ name, uid }: Gone['metadata']): Gone {
  return { kind: 'Tenant', metadata: { name, uid }, gone: true };
}

async function* operationChanges(
  api: ApiClient,
  { tenant }: OperationFilter,
  signal: AbortSignal,
): AsyncGenerator<ResourceChange> {
  for await (const news of watchOperations(api, { ...(tenant === undefined ? {} : { tenant }), limit: 20, signal })) {
    // The newest last, because changes are printed at the end.
    yield {
      listed:
        news.kind === 'listed' ? news.operations.map(operationListed).toReversed() : [operationListed(news.operation)],
      gone: [],
    };
  }
}

/** Prints resources one by one: rows of one table, one YAML document each, or one line of JSON each. */
function createPrinter(
  { stdout, paintOut }: Terminal,
  kind: ResourceKind,
  output: OutputFormat,
): (listed: readonly Listed[]) => void {
  const rows = kind.tableRows(paintOut);
  const documents = {
    json: ({ body }: Listed) => `${JSON.stringify(body)}\n`,
    yaml: ({ body }: Listed) => `---\n${renderObject('yaml', body)}`,
    name: ({ name }: Listed) => `${kind.singular}/${name}\n`,
  };
  return (listed) => {
    if (output !== 'table') for (const item of listed) stdout.write(documents[output](item));
    else if (listed.length > 0) stdout.write(rows(listed));
  };
}

/**
 * Prints the existing resources and then every change, until it is interrupted or nothing reads the output.
 * @throws CliFailure usage, for kinds that cannot be watched; ApiError not_found, if the given tenant does not exist
 */
export async function watchResources(
  api: ApiClient,
  { kind, name, filter, output }: WatchedResources,
  terminal: Terminal,
): Promise<void> {
  if (kind.singular !== tenantKind.singular && kind.singular !== operationKind.singular)
    throw usageFailure(`${kind.plural} cannot be watched`, 'watch tenants or operations');
  if (kind.singular === operationKind.singular && name !== undefined)
    throw usageFailure('a single operation cannot be watched', `write: wait operation/${name}`);
  const print = createPrinter(terminal, kind, output);
  const { interrupted, unread, stderr } = terminal;
  const signal = AbortSignal.any([interrupted, unread]);
  try {
    for await (const change of kind.singular === tenantKind.singular
      ? tenantChanges(api, filter, name, signal)
      : operationChanges(api, filter, signal)) {
      for (const gone of change.gone) {
        stderr.write(`${kind.singular}/${gone.metadata.name} is gone\n`);
        if (output !== 'table') print([{ name: gone.metadata.name, body: gone }]);
      }
      print(change.listed);
    }
  } catch (error) {
    if (interrupted.aborted || !unread.aborted) throw error;
  }
}
