import type { LoggedEntry } from '../../contracts/log-export.ts';
import { inclusionRanges, leafHash } from '../../contracts/log/merkle-tree.ts';
import { rangeRoots, tileWidth, widthOf } from '../../contracts/log/tiles.ts';
import { canonicalBytes } from '../../contracts/canonical-json.ts';
import { TenureError } from '../../domain/tenure-error.ts';
import { logOrigin } from '../../engines/ledger/head-signer.ts';
import { createReadTile } from '../../engines/ledger/read-tile.ts';
import type { StoredLogEntry } from '../../store/logged-entries.ts';
import type { SignedSize } from '../../store/log.ts';
import type { Sized } from '../../store/reading.ts';
import type { Store } from '../../store/store.ts';
import type { Authorize } from '../authorization.ts';
import { uidOfTenant } from '../known-tenant.ts';
import type { PageTokens } from '../page-token.ts';
import type { RouteHandlers } from '../reply.ts';
import { listPage } from './list-page.ts';

export interface LogHandlerDependencies {
  readonly store: Pick<Store, 'log' | 'checkpoints' | 'loggedEntries' | 'resources' | 'tombstones'>;
  readonly authorize: Authorize;
  readonly pageTokens: PageTokens;
  readonly installation: string;
}

async function* sized(heads: readonly SignedSize[]): AsyncGenerator<Sized<SignedSize>> {
  for (const head of heads) yield { document: head, bytes: Buffer.byteLength(head.note) };
}

export function logHandlers({
  store,
  authorize,
  pageTokens,
  installation,
}: LogHandlerDependencies): Pick<RouteHandlers, 'getLogHead' | 'listLogHeads' | 'listLogEntries'> {
  const readTile = createReadTile(store.log);

  /** The hash of the leaf in the tree. The last tile is computed from the leaves themselves. */
  async function hashIn(size: number, { index, leaf }: StoredLogEntry): Promise<Buffer> {
    const tile = { level: 0, index: Math.floor(index / tileWidth) };
    const width = widthOf(tile, size);
    if (width < tileWidth) return leafHash(canonicalBytes(leaf));
    return (await readTile(tile, width))[index % tileWidth]!;
  }

  async function shown(stored: StoredLogEntry, size: number, proves: boolean): Promise<LoggedEntry> {
    const hash = await hashIn(size, stored);
    const proof = proves ? await rangeRoots(inclusionRanges(stored.index, size), size, readTile) : undefined;
    return {
      index: stored.index,
      hash: hash.toString('base64'),
      leaf: stored.leaf,
      entry: stored.entry,
      ...(proof === undefined ? {} : { proof: proof.map((each) => each.toString('base64')) }),
    };
  }

  return {
    async getLogHead({ caller }) {
      await authorize(caller, 'audit.verify', { kind: 'Entry' });
      const [{ checkpoint }, keys] = await Promise.all([store.log.head(), store.checkpoints.keys()]);
      return {
        status: 200,
        body: {
          origin: logOrigin(installation),
          ...(checkpoint === null ? {} : { signed: checkpoint }),
          keys: [...keys],
        },
      };
    },
    async listLogHeads({ query, caller }) {
      await authorize(caller, 'audit.verify', { kind: 'Entry' });
      const body = await listPage(pageTokens, 'log-heads', query, null, {
        read: async (after, limit) => ({ documents: sized(await store.checkpoints.after(Number(after ?? 0), limit)) }),
        positionOf: ({ size }) => String(size),
        show: (head) => head,
      });
      return { status: 200, body };
    },
    async listLogEntries({ query, caller }) {
      const { confinedTo } = await authorize(caller, 'audit.list', { kind: 'Entry' });
      const { tenant } = query;
      const uid = tenant === undefined ? undefined : await uidOfTenant({ store, authorize }, tenant, caller);
      if (confinedTo !== undefined && uid === undefined)
        throw new TenureError('request_invalid', 'a caller that is confined to tenants must send tenant');
      const asked = query.size ?? (await store.log.head()).checkpoint?.size ?? 0;
      if (asked > (await store.log.size()))
        throw new TenureError('request_invalid', 'size: the log does not have as many entries');
      // All pages are of one size, also if a larger head is signed in between.
      let size = asked;
      const filter = { size: query.size ?? null, tenant: uid ?? null };
      const body = await listPage(pageTokens, 'log-entries', query, filter, {
        read(after, limit) {
          const [begun = asked, last = -1] = after?.split('/').map(Number) ?? [];
          size = begun;
          const scope = uid === undefined ? {} : { tenant: uid };
          return { documents: store.loggedEntries.scan({ from: last + 1, size, limit, ...scope }) };
        },
        positionOf: ({ index }) => `${size}/${index}`,
        show: (stored) => shown(stored, size, uid !== undefined),
      });
      return { status: 200, body };
    },
  };
}
