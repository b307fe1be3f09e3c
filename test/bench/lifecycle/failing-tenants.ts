import { setTimeout as delay } from 'node:timers/promises';
import type { MongoClient } from 'mongodb';
import type { ApiClient } from '../../../client/api-client.ts';
import { retryDelayMs } from '../../../domain/backoff.ts';
import type { Installation } from '../../harness/installation.ts';
import { ended } from '../../harness/lifecycle.ts';
import { tenantManifest } from '../../harness/manifests.ts';
import { begin, declareDraft, takePath } from '../product-path.ts';

/** Tenants whose operations always fail, between `begin` and `end`. */
export interface FailingTenants {
  /** Resolves when the operations of all have begun. */
  begin(): Promise<void>;
  /** Resolves when none of their operations runs any more. */
  end(): Promise<void>;
}

/** Suspended tenants whose credential is lost: the plane retries to resume each of them without end. */
async function withoutCredential(
  { client: api, control, databases }: Bench,
  names: readonly string[],
): Promise<FailingTenants> {
  const secrets = control.db(databases.secrets).collection<{ _id: string; tenant: string }>('secrets');
  for (const name of names) {
    await declareDraft(api, name, region);
    await takePath(api, name, 'activate');
    await takePath(api, name, 'suspend');
    const { metadata } = (await api.call('getTenant', { params: { name } })).body;
    await secrets.deleteOne({ _id: `${metadata.uid}/database-credential` });
  }
  let running: string[] = [];
  return {
    async begin() {
      running = await Promise.all(names.map((name) => begin(api, name, 'resume')));
    },
    async end() {
      for (const id of running) await api.call('cancelOperation', { params: { id } });
      await Promise.all(running.map(async (id) => requireState(api, id, 'cancelled')));
    },
  };
}

/** The same delays as those of the plane after work that it starts by itself is refused. */
const askAgain = { baseMs: 60_000, capMs: 6 * 60 * 60 * 1000 };

/**
 * Drafts with a validator that mongod refuses: each activation fails permanently, is undone, and is requested again.
 */
async function withRefusedSchema({ client: api }: Bench, names: readonly string[]): Promise<FailingTenants> {
  const collections = [{ name: 'orders', jsonSchema: { patternProperties: { '(': {} } } }];
  for (const name of names) {
    const body = tenantManifest(name, {
      placement: { preferredRegion: region },
      services: [{ name: 'shop', collections }],
    });
    await api.call('putTenant', { params: { name }, ifNoneMatch: '*', body });
  }
  let stop = new AbortController();
  let asking: Promise<void>[] = [];
  async function ask(name: string, { signal }: AbortController): Promise<void> {
    for (let attempt = 1; !signal.aborted; attempt += 1) {
      await requireState(api, await begin(api, name, 'activate'), 'failed');
      await delay(retryDelayMs(attempt, Math.random(), askAgain), undefined, { signal }).catch(() => undefined);
    }
  }
  return {
    async begin() {
      stop = new AbortController();
      asking = names.map((name) => ask(name, stop));
    },
    async end() {
      stop.abort();
      await Promise.all(asking);
    },
  };
}

/** The region of the failing and of the healthy tenants. */
export const region = 'us-east-1';

interface Bench extends Pick<Installation, 'databases'> {
  readonly client: ApiClient;
  readonly control: MongoClient;
}

async function requireState(api: ApiClient, id: string, state: 'failed' | 'cancelled'): Promise<void> {
  const operation = await ended(api, id);
  if (operation.state !== state)
    throw new Error(`operation ${id} of a failing tenant ended as ${operation.state}, expected ${state}`);
}

/** Creates this many failing tenants, half of each kind. */
export async function createFailingTenants(bench: Bench, count: number): Promise<FailingTenants> {
  const names = Array.from({ length: count }, (_, index) => `failing-${index}`);
  const kinds = [
    await withoutCredential(bench, names.slice(0, Math.ceil(count / 2))),
    await withRefusedSchema(bench, names.slice(Math.ceil(count / 2))),
  ];
  return {
    begin: async () => void (await Promise.all(kinds.map((kind) => kind.begin()))),
    end: async () => void (await Promise.all(kinds.map((kind) => kind.end()))),
  };
}
