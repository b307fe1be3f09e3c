import assert from 'node:assert/strict';
import type { Collection, MongoClient } from 'mongodb';
import type { TenantAccess } from '../../contracts/tenant-access.ts';
import type { LedgerDocument } from '../../store/documents.ts';
import { operationIn } from './answers.ts';
import { added, changed, copied, removed, saidAgain } from './breaking.ts';
import type { Mend } from './breaking.ts';
import type { Findings } from './oracle/finding.ts';
import { checkReplays, checkRequests } from './oracle/requests.ts';
import { checkRollouts } from './oracle/rollouts.ts';
import { checkTenant } from './oracle/tenants.ts';
import type { OracleParts } from './oracle/tenants.ts';
import type { Asked, Recollection } from './recollection.ts';
import { comeToRest } from './rest.ts';

/** Something that is broken by hand, and what the oracle must report about it. */
export interface Breakage {
  readonly what: string;
  readonly finds: RegExp;
  readonly breaks: () => Promise<Mend>;
  readonly looks: (findings: Findings) => Promise<unknown>;
}

export interface BreakageParts extends OracleParts {
  readonly recollection: Recollection;
  /** The access that a tenant's application got. */
  readonly accessOf: (name: string) => TenantAccess;
  readonly cellOf: (name: string) => MongoClient;
}

/** Everything that the oracle must detect, for the tenants and requests that its test has set up. */
export function createBreakages({
  installation,
  cells,
  recollection,
  accessOf,
  cellOf,
}: BreakageParts): readonly Breakage[] {
  const control = (collection: string): Collection =>
    installation.control.db(installation.databases.control).collection(collection);
  const ledger = (): Collection<LedgerDocument> =>
    installation.control.db(installation.databases.control).collection<LedgerDocument>('ledger');
  const uidOf = (name: string): string => accessOf(name).tenant.uid;
  function collectionIn(name: string, declared: string): Collection {
    const namespace = accessOf(name).namespaces?.find(({ collection }) => collection === declared);
    assert.ok(namespace !== undefined);
    return cellOf(name).db(namespace.database).collection(namespace.name);
  }
  function askedFor(what: string): Asked {
    const asked = recollection.asked.find((one) => one.what === what);
    assert.ok(asked !== undefined, what);
    return asked;
  }
  function operationOf(what: string): string {
    const id = askedFor(what).answers.map(operationIn)[0]?.id;
    assert.ok(id !== undefined, what);
    return id;
  }

  const tenant = (name: string) => (findings: Findings) =>
    checkTenant({ installation, cells }, name === 'chaos-3' ? purgedUid() : uidOf(name), recollection, findings);
  const requests = (findings: Findings) => checkRequests(installation, recollection, findings);
  const rollouts = (findings: Findings) => checkRollouts(installation, recollection, findings);
  const purgedUid = (): string => operationUid('purge');
  const operationUid = (what: string): string => askedFor(what).answers.map(operationIn)[0]?.tenant.uid ?? '';

  /** Changes what a caller remembers of a request. */
  function remembered(what: string, otherwise: Partial<Asked>): () => Promise<Mend> {
    return async () => {
      const asked = askedFor(what);
      const index = recollection.asked.indexOf(asked);
      recollection.asked[index] = { ...asked, ...otherwise };
      return async () => void (recollection.asked[index] = asked);
    };
  }

  return [
    {
      what: 'an acknowledged document is missing',
      finds: /^lost: .*documents of orders/,
      breaks: () => removed(collectionIn('chaos-1', 'orders'), {}),
      looks: tenant('chaos-1'),
    },
    {
      what: 'a collection contains a document of another tenant',
      finds: /^trespass: .*has not written/,
      breaks: () =>
        added(collectionIn('chaos-2', 'orders'), { _id: 'foreign' as never, tenant: uidOf('chaos-1'), sku: 'foreign' }),
      looks: tenant('chaos-2'),
    },
    {
      what: 'an index is missing',
      finds: /^cell: chaos-1/,
      breaks: async () => {
        await collectionIn('chaos-1', 'orders').dropIndexes();
        return async () => void (await collectionIn('chaos-1', 'orders').createIndex({ sku: 1 }, { unique: true }));
      },
      looks: tenant('chaos-1'),
    },
    {
      what: 'a secret is missing',
      finds: /^cell: .*data key and credential/,
      breaks: () =>
        removed(installation.control.db(installation.databases.secrets).collection('secrets'), {
          tenant: uidOf('chaos-1'),
        }),
      looks: tenant('chaos-1'),
    },
    {
      what: 'a purged tenant still has a claim',
      finds: /^cell: chaos-3 .*purged/,
      breaks: () =>
        added(cellOf('chaos-1').db('tenure_cell').collection('claims'), {
          _id: `tenant_${purgedUid()}` as never,
          tenant: purgedUid(),
        }),
      looks: tenant('chaos-3'),
    },
    {
      what: 'the registry has a wrong number of tables',
      finds: /^registry: chaos-1/,
      breaks: () => changed(control('resources'), { name: 'chaos-1' }, { $inc: { tables: 1 } }),
      looks: tenant('chaos-1'),
    },
    {
      what: 'the registry has a revision that is not in the ledger',
      finds: /^ledger: .*its last entry says/,
      breaks: () => changed(control('resources'), { name: 'chaos-1' }, { $inc: { revision: 1 } }),
      looks: tenant('chaos-1'),
    },
    {
      what: 'a lock was not released',
      finds: /^ledger: .*the lock is free/,
      breaks: () =>
        changed(
          control('resources'),
          { name: 'chaos-1' },
          { $set: { operation: { id: operationOf('reconcile'), kind: 'reconcile', fence: 2 } } },
        ),
      looks: tenant('chaos-1'),
    },
    {
      what: 'a generation is missing',
      finds: /^ledger: .*no generation is missing/,
      breaks: () => removed(control('revisions'), { '_id.uid': uidOf('chaos-1'), '_id.generation': 1 }),
      looks: tenant('chaos-1'),
    },
    {
      what: 'a step has two ledger entries',
      finds: /^ledger: .*each step is committed once/,
      breaks: () =>
        saidAgain(
          ledger(),
          ({ action, tenant: uid }) => action === 'tenant.reconcile.step' && uid === uidOf('chaos-1'),
        ),
      looks: tenant('chaos-1'),
    },
    {
      what: 'an earlier holder of the lock commits after a later one',
      finds: /^ledger: .*older fence/,
      breaks: () =>
        saidAgain(
          ledger(),
          ({ action, tenant: uid }) => action === 'tenant.activate.start' && uid === uidOf('chaos-1'),
        ),
      looks: tenant('chaos-1'),
    },
    {
      what: 'two operations have the same fence',
      finds: /^ledger: .*fence \d+ has one holder/,
      breaks: async () =>
        saidAgain(
          ledger(),
          ({ action, tenant: uid }) => action === 'tenant.reconcile.start' && uid === uidOf('chaos-1'),
          {
            operationId: String(
              (await control('operations').findOne({ kind: 'activate', 'tenant.uid': uidOf('chaos-1') }))?._id,
            ),
          },
        ),
      looks: tenant('chaos-1'),
    },
    {
      what: 'the state after one entry is not the state before the next',
      finds: /^ledger: .*continues from what the entries before it say/,
      breaks: () =>
        saidAgain(
          ledger(),
          ({ action, outcome, tenant: uid }) =>
            action === 'tenant.activate' && outcome === 'succeeded' && uid === uidOf('chaos-1'),
          { action: 'tenant.update', operationId: undefined, fence: undefined },
        ),
      looks: tenant('chaos-1'),
    },
    {
      what: 'an operation started compensation twice',
      finds: /^ledger: .*started compensation 2 times/,
      breaks: async () => {
        const turn = () =>
          saidAgain(
            ledger(),
            ({ action, operationId }) =>
              action === 'tenant.reconcile.start' && operationId === operationOf('reconcile'),
            { action: 'tenant.reconcile.turn', outcome: 'failed' },
          );
        const mends = [await turn(), await turn()];
        return async () => {
          for (const mend of mends) await mend();
        };
      },
      looks: tenant('chaos-1'),
    },
    {
      what: 'an operation has not ended',
      finds: /^unended: reconcile/,
      breaks: () => changed(control('operations'), { _id: operationOf('reconcile') }, { $set: { unfinished: true } }),
      looks: (findings) => comeToRest(installation, findings, 1),
    },
    {
      what: 'a lease was not released',
      finds: /^ledger: .*no lease/,
      breaks: () =>
        changed(
          control('operations'),
          { _id: operationOf('reconcile') },
          { $set: { leases: [{ holder: 'nobody', step: 'place', until: new Date() }] } },
        ),
      looks: tenant('chaos-1'),
    },
    {
      what: 'an acknowledged operation is missing',
      finds: /^lost: suspend .*which does not exist/,
      breaks: () => removed(control('operations'), { _id: operationOf('suspend') }),
      looks: requests,
    },
    {
      what: 'an acknowledged declaration is missing',
      finds: /^lost: hold .*generation \d+ .*does not exist/,
      breaks: () => removed(control('revisions'), { '_id.uid': uidOf('chaos-1'), 'spec.hold.reason': 'a case' }),
      looks: requests,
    },
    {
      what: 'an acknowledged declaration is different',
      finds: /^lost: hold .*differs from the answer/,
      breaks: () =>
        changed(
          control('revisions'),
          { '_id.uid': uidOf('chaos-1'), 'spec.hold.reason': 'a case' },
          { $set: { 'spec.hold.reason': 'another' } },
        ),
      looks: requests,
    },
    {
      what: 'an acknowledged change has no ledger entry',
      finds: /^lost: hold .*the ledger has no entry/,
      breaks: () => removed(control('ledger'), { action: 'tenant.hold' }),
      looks: requests,
    },
    {
      what: 'one key started two operations',
      finds: /^twice: suspend .*has started operations/,
      breaks: () => copied(control('operations'), { _id: operationOf('suspend') }),
      looks: requests,
    },
    {
      what: 'one key changed a tenant twice',
      finds: /^twice: hold .*has left the entries/,
      breaks: () => saidAgain(ledger(), ({ action }) => action === 'tenant.hold'),
      looks: requests,
    },
    {
      what: 'one key got two different answers',
      finds: /^twice: suspend .*was answered/,
      breaks: () => remembered('suspend', { answers: [...askedFor('suspend').answers, { status: 200, body: {} }] })(),
      looks: requests,
    },
    {
      what: 'a stored answer is different',
      finds: /^twice: hold .*two different answers/,
      breaks: () =>
        changed(control('idempotency'), { '_id.key': askedFor('hold').key }, { $set: { 'answer.body': '{}' } }),
      looks: (findings) => checkReplays(recollection.asked, 100, findings),
    },
    {
      what: 'a refused request was carried out',
      finds: /^refused: hold .*tenant.hold succeeded/,
      breaks: () => remembered('hold', { answers: [], refusal: 'revision_stale' })(),
      looks: requests,
    },
    {
      what: 'a request was never answered',
      finds: /^unanswered: hold/,
      breaks: async () => {
        const { answeredAt: _answeredAt, ...asked } = askedFor('hold');
        const mend = await remembered('hold', {})();
        recollection.asked[recollection.asked.findIndex(({ what }) => what === 'hold')] = asked;
        return mend;
      },
      looks: requests,
    },
    {
      what: 'an operation ended in another state than a caller saw',
      finds: /^lost: operation .*reported as succeeded, but is failed/,
      breaks: () => changed(control('operations'), { _id: operationOf('suspend') }, { $set: { state: 'failed' } }),
      looks: requests,
    },
    {
      what: 'an accepted cancellation had no effect',
      finds: /^lost: cancel .*has succeeded/,
      breaks: () =>
        remembered('hold', {
          what: 'cancel',
          isKeyed: false,
          answers: [{ status: 202, body: { id: operationOf('suspend') } }],
        })(),
      looks: requests,
    },
    {
      what: 'a preempted operation has succeeded',
      finds: /^lost: operation .*has preempted/,
      breaks: () =>
        changed(
          control('operations'),
          { _id: operationOf('reconcile') },
          { $set: { waitsFor: operationOf('suspend') } },
        ),
      looks: requests,
    },
    {
      what: 'an accepted roll-out is missing',
      finds: /^lost: roll-out/,
      breaks: () => removed(control('rollouts'), {}),
      looks: rollouts,
    },
    {
      what: 'a roll-out was started twice',
      finds: /^twice: roll-out .*started 2 times/,
      breaks: () => saidAgain(ledger(), ({ event }) => event?.type === 'template.rollout_started.v1'),
      looks: requests,
    },
    {
      what: 'a roll-out has changed a tenant twice',
      finds: /^twice: roll-out .*has changed/,
      breaks: () => copied(control('operations'), { correlationId: askedFor('roll-out').key }),
      looks: rollouts,
    },
    {
      what: 'a roll-out counts a failed tenant as changed',
      finds: /^lost: roll-out .*says that .* is changed/,
      breaks: () =>
        changed(control('operations'), { correlationId: askedFor('roll-out').key }, { $set: { state: 'failed' } }),
      looks: rollouts,
    },
    {
      what: 'a roll-out never ends',
      finds: /^unended: roll-out .*changing/,
      breaks: () => changed(control('rollout_members'), {}, { $set: { state: 'changing' } }),
      looks: rollouts,
    },
  ];
}
