import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { MongoClient } from 'mongodb';
import { openTenant } from '../../client/open-tenant.ts';
import type { Tenant } from '../../contracts/manifests/tenant.ts';
import type { TenantAccess } from '../../contracts/tenant-access.ts';
import type { FinalOperationState } from '../../contracts/operation-states.ts';
import type { TenantDocument } from '../../store/documents.ts';
import { createExchange } from '../harness/http-exchange.ts';
import type { HttpAnswer } from '../harness/http-exchange.ts';
import type { Installation } from '../harness/installation.ts';
import { until } from '../harness/until.ts';
import { tracesOf } from './cell-traces.ts';
import type { Traces } from './cell-traces.ts';
import type { Exchange } from './possible.ts';
import type { ModelRequest, TenantKey } from './request.ts';
import { answerOf, headersOf, httpOf, viewOfTenant } from './wire.ts';

/** Longer than an operation takes if its worker was killed and only the sweep finds it. */
const settleTimeoutMs = 180_000;
const notNowTimeoutMs = 60_000;
/** No resource has this revision. */
const noRevision = '"0"';

/** A request that was sent, and its answer. */
export interface Sent extends Exchange {
  readonly correlationId: string;
  /** The answer's bytes; empty if none came. */
  readonly text: string;
}

export interface SendOptions {
  readonly key?: string;
  /** The API may be killed: a missing answer is accepted. */
  readonly mayBeLost?: boolean;
}

/** A tenant on which no operation runs. */
export interface SettledTenant {
  readonly document: TenantDocument;
  readonly shown: Tenant;
}

export type Credential = TenantAccess['credential'];

/** The tenants of one run of the model in the installation: sends requests about them, and keeps all answers. */
export interface ModelRun {
  readonly installation: Installation;
  readonly name: (tenant: TenantKey) => string;
  /** Every answer that must not contain a secret. */
  readonly said: string[];
  /** Credentials that were handed out, by uid. */
  readonly credentials: Map<string, Credential>;
  /** Uids of the tenants that had this name, oldest first. */
  readonly uids: (tenant: TenantKey) => readonly string[];
  send(request: ModelRequest, options?: SendOptions): Promise<Sent>;
  /** Finds out what became of a request whose answer was lost. The API must be running again. */
  resolve(sent: Sent): Promise<Sent>;
  /** Waits until no operation runs on the tenant; `undefined`: the tenant does not exist. */
  settle(tenant: TenantKey): Promise<SettledTenant | undefined>;
  endOf(operation: string): Promise<FinalOperationState | undefined>;
  traces(uid: string): Promise<Traces>;
  /** Writes one document with the tenant's own credential. @throws ApiError */
  write(tenant: TenantKey): Promise<void>;
}

interface Tag {
  readonly uid: string;
  readonly etag: string;
}

export function createModelRun(installation: Installation, cells: readonly MongoClient[], prefix: string): ModelRun {
  const { store, control, databases } = installation;
  const exchange = createExchange(installation);
  const api = installation.client();
  const said: string[] = [];
  const credentials = new Map<string, Credential>();
  const uids = new Map<TenantKey, string[]>();
  /** Read before the last `settle`, newest first. */
  const earlierTags = new Map<TenantKey, readonly Tag[]>();
  const newTags = new Map<TenantKey, readonly Tag[]>();
  const current = new Map<TenantKey, Tag>();
  const name = (tenant: TenantKey): string => `${prefix}-${tenant}`;
  let documents = 0;

  function remember(tenant: TenantKey, { uid, revision }: Tenant['metadata'], etag = `"${revision}"`): Tag {
    const tag = { uid, etag };
    newTags.set(tenant, [tag, ...(newTags.get(tenant) ?? [])]);
    const known = uids.get(tenant) ?? [];
    if (!known.includes(uid)) uids.set(tenant, [...known, uid].toSorted());
    return tag;
  }

  /** One of the earlier tags, preferably one that looks like the current tag. */
  function staleTag(tenant: TenantKey): string {
    const now = current.get(tenant);
    const earlier = (earlierTags.get(tenant) ?? []).filter((tag) => tag.uid !== now?.uid || tag.etag !== now.etag);
    return (
      (earlier.find((tag) => tag.etag === now?.etag) ?? earlier.find((tag) => tag.uid !== now?.uid) ?? earlier[0])
        ?.etag ?? noRevision
    );
  }

  function etagFor(request: ModelRequest): string {
    if (!('on' in request) || request.on === 'any') return '*';
    return request.on === 'stale' ? staleTag(request.tenant) : (current.get(request.tenant)?.etag ?? noRevision);
  }

  async function operationFor({ tenant, ...request }: ModelRequest): Promise<string | undefined> {
    if (request.do !== 'cancel') return undefined;
    const found = await store.resources.find('Tenant', name(tenant));
    const named = request.which === 'pending' ? found?.pending : found?.operation;
    if (named != null || found === undefined) return named?.id;
    return (await store.operations.list({ tenants: [found._id], limit: 1 }))[0]?._id;
  }

  /** Repeats the request until the answer is not "not now", and returns that answer. */
  async function lastAnswer(
    send: () => Promise<HttpAnswer>,
  ): Promise<{ readonly answer: HttpAnswer; readonly repeated: boolean }> {
    let tries = 0;
    const notNows = new Set<string>();
    const answer = await until(
      () => `the API answers something other than ${[...notNows].join(', ')}`,
      async () => {
        tries += 1;
        const one = await send();
        said.push(one.text);
        // An interrupted request may keep its key in use for a while.
        const notNow =
          one.status === 503 || (tries > 1 && one.status === 409 && one.problem().code === 'idempotency_in_progress');
        if (notNow) notNows.add(one.problem().detail);
        return notNow ? undefined : one;
      },
      notNowTimeoutMs,
    );
    return { answer, repeated: tries > 1 };
  }

  return {
    installation,
    name,
    said,
    credentials,
    uids: (tenant) => uids.get(tenant) ?? [],
    async send(request, { key = randomUUID(), mayBeLost = false } = {}) {
      const about = await operationFor(request);
      const correlationId = randomUUID();
      const sent = { request, about, correlationId };
      if (request.do === 'cancel' && about === undefined)
        return { ...sent, answer: { kind: 'refused', code: 'not_found' }, text: '' };
      const headers = { ...headersOf(request, etagFor(request), key), 'x-correlation-id': correlationId };
      try {
        const { answer, repeated } = await lastAnswer(() =>
          exchange({ ...httpOf(request, name(request.tenant), about), headers }),
        );
        if (answer.headers.get('idempotency-replayed') === 'true' && !repeated)
          return { ...sent, answer: { kind: 'replayed' }, text: answer.text };
        const read =
          answer.status < 400 && request.do !== 'cancel' ? answer.json<Tenant | { tenant: Tenant }>() : undefined;
        if (read !== undefined)
          remember(
            request.tenant,
            ('tenant' in read ? read.tenant : read).metadata,
            answer.headers.get('etag') ?? undefined,
          );
        return { ...sent, answer: answerOf(request, answer), text: answer.text };
      } catch (error) {
        if (!mayBeLost || !(error instanceof TypeError)) throw error;
        return { ...sent, answer: { kind: 'lost', committed: false, operation: null, following: [] }, text: '' };
      }
    },
    async resolve(sent) {
      if (sent.answer.kind !== 'lost') return sent;
      const { correlationId } = sent;
      const entries = await control
        .db(databases.control)
        .collection('ledger')
        .countDocuments({ correlationId, outcome: { $in: ['allowed', 'succeeded'] } });
      // Ids increase in the order in which operations follow each other.
      const [operation, ...following] = await control
        .db(databases.control)
        .collection<{ _id: string }>('operations')
        .find({ correlationId })
        .sort({ _id: 1 })
        .toArray();
      return {
        ...sent,
        answer: {
          kind: 'lost',
          committed: entries > 0,
          operation: operation?._id ?? null,
          following: following.map(({ _id }) => _id),
        },
      };
    },
    async settle(tenant) {
      await until(
        `no operation runs on ${name(tenant)}`,
        async () => {
          const found = await store.resources.find('Tenant', name(tenant));
          return found === undefined || (found.operation === null && found.pending === null);
        },
        settleTimeoutMs,
      );
      const { answer } = await lastAnswer(() => exchange({ path: `/v1/tenants/${name(tenant)}` }));
      const document = await store.resources.find('Tenant', name(tenant));
      earlierTags.set(tenant, [...(newTags.get(tenant) ?? []), ...(earlierTags.get(tenant) ?? [])]);
      newTags.delete(tenant);
      if (answer.status === 404) {
        assert.equal(document, undefined, 'a tenant that the API does not find is not in the registry');
        current.delete(tenant);
        return undefined;
      }
      const shown = answer.json<Tenant>();
      assert.ok(document !== undefined, 'a tenant that the API returns is in the registry');
      current.set(tenant, remember(tenant, shown.metadata, answer.headers.get('etag') ?? undefined));
      assert.equal(viewOfTenant(shown).operation, null);
      return { document, shown };
    },
    async endOf(operation) {
      const found = await store.operations.find(operation);
      return found?.unfinished === true ? undefined : (found?.state as FinalOperationState | undefined);
    },
    traces: (uid) => tracesOf(cells, control, databases.secrets, uid),
    async write(tenant) {
      const { body } = await api.call('openTenant', { params: { name: name(tenant) }, body: {} });
      credentials.set(body.tenant.uid, body.credential);
      const opened = await openTenant(api, name(tenant));
      try {
        await opened.collection('orders').insertOne({ sku: `document-${(documents += 1)}` });
      } finally {
        await opened.close();
      }
    },
  };
}
