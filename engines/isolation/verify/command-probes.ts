import { Binary, Long, Timestamp } from 'mongodb';
import type { Document } from 'mongodb';
import type { ProbeTarget, Probe } from './probe.ts';
import { mark } from './probe.ts';
import { stop, isUnauthorized } from './answer.ts';
import type { Bystander } from './bystander.ts';
import { fitCommand, formedCommand } from './fit-command.ts';
import type { Inventory } from './inventory.ts';
import { expecting } from './known-refusals.ts';
import type { MongodBehaviour } from './known-refusals.ts';

/**
 * Initial forms for commands whose form does not follow from mongod's error messages. Every other command, including
 * those of later versions, is fitted without one.
 */
function commandSeeds({ database, collection, uuid, uid }: ProbeTarget): Readonly<Record<string, Document>> {
  const namespace = `${database}.${collection}`;
  const pipeline = { pipeline: [{ $match: {} }], cursor: {} };
  const hosts = 'other/127.0.0.1:1';
  const roles = [{ role: `tenant_${uid}_read_only`, db: database }];
  const version = { uuid, timestamp: new Timestamp({ t: 1, i: 1 }), lastMod: 1 };
  return {
    _configsvrCommitChunksMerge: {
      _configsvrCommitChunksMerge: namespace,
      shard: 'other',
      collUUID: uuid,
      chunkRange: { min: { x: 0 }, max: { x: 1 } },
    },
    _configsvrCommitMovePrimary: {
      _configsvrCommitMovePrimary: database,
      expectedDatabaseVersion: version,
      to: 'other',
    },
    _configsvrCollMod: { _configsvrCollMod: collection, collModRequest: { validationLevel: 'off' } },
    _shardsvrCollModParticipant: {
      _shardsvrCollModParticipant: collection,
      collModRequest: { validationLevel: 'off' },
    },
    _shardsvrSetUserWriteBlockMode: { _shardsvrSetUserWriteBlockMode: 1, global: true, phase: 'prepare' },
    aggregate: { aggregate: collection, ...pipeline },
    bulkWrite: { bulkWrite: 1, ops: [{ insert: 0, document: mark }], nsInfo: [{ ns: namespace }] },
    cloneCollectionAsCapped: { cloneCollectionAsCapped: collection, toCollection: 'stolen', size: 4096 },
    clusterAggregate: { clusterAggregate: collection, ...pipeline },
    clusterGetMore: { clusterGetMore: Long.fromNumber(1), collection },
    delete: { delete: collection, deletes: [{ q: {}, limit: 0 }] },
    clusterDelete: { clusterDelete: collection, deletes: [{ q: {}, limit: 0 }] },
    donorStartMigration: {
      donorStartMigration: 1,
      migrationId: uuid,
      tenantId: uid,
      recipientConnectionString: hosts,
      readPreference: { mode: 'primary' },
    },
    endSessions: { endSessions: [{ id: uuid }] },
    explain: { explain: { find: collection } },
    getMore: { getMore: Long.fromNumber(1), collection },
    grantRolesToRole: { grantRolesToRole: 'tenant_read_write', roles },
    grantRolesToUser: { grantRolesToUser: `tenant_${uid}`, roles },
    killSessions: { killSessions: [{ id: uuid }] },
    revokeRolesFromRole: { revokeRolesFromRole: 'tenant_read_write', roles },
    revokeRolesFromUser: { revokeRolesFromUser: `tenant_${uid}`, roles },
    updateUser: { updateUser: `tenant_${uid}`, pwd: 'stolen' },
    grantPrivilegesToRole: {
      grantPrivilegesToRole: 'tenant_read_write',
      privileges: [{ resource: { db: database, collection }, actions: ['find'] }],
    },
    insert: { insert: collection, documents: [mark] },
    clusterInsert: { clusterInsert: collection, documents: [mark] },
    mapReduce: {
      mapReduce: collection,
      map: 'function () { emit(1, this) }',
      reduce: 'function (k, v) { return v[0] }',
      out: { inline: 1 },
    },
    recipientForgetMigration: {
      recipientForgetMigration: 1,
      migrationId: uuid,
      tenantId: uid,
      donorConnectionString: hosts,
      readPreference: { mode: 'primary' },
    },
    recipientSyncData: {
      recipientSyncData: 1,
      migrationId: uuid,
      tenantId: uid,
      donorConnectionString: hosts,
      readPreference: { mode: 'primary' },
    },
    refreshSessions: { refreshSessions: [{ id: uuid }] },
    renameCollection: { renameCollection: namespace, to: `${database}.stolen` },
    revokePrivilegesFromRole: {
      revokePrivilegesFromRole: 'tenant_read_write',
      privileges: [{ resource: { db: database, collection }, actions: ['find'] }],
    },
    saslStart: { saslStart: 1, mechanism: 'SCRAM-SHA-256', payload: new Binary(Buffer.from(`n,,n=tenant_${uid},r=0`)) },
    saslContinue: { saslContinue: 1, conversationId: 1, payload: new Binary(Buffer.from('c=biws,r=0,p=0')) },
    update: { update: collection, updates: [{ q: {}, u: { $set: mark }, multi: true }] },
    clusterUpdate: { clusterUpdate: collection, updates: [{ q: {}, u: { $set: mark }, multi: true }] },
    _shardsvrRefineCollectionShardKey: {
      _shardsvrRefineCollectionShardKey: collection,
      newShardKey: { x: 1 },
      newShardKeyCollectionUUID: uuid,
    },
  };
}

/**
 * One probe for every command of mongod, aimed at the other tenant. What mongod refuses to a user without rights it
 * must refuse to the tenant; what it allows everybody must not disclose or change anything of the other tenant.
 */
export async function commandProbes(
  { commands, version }: Inventory,
  target: ProbeTarget,
  bystander: Pick<Bystander, 'ask'>,
  behaviour: MongodBehaviour,
): Promise<Probe[]> {
  const seeds = commandSeeds(target);
  const probes: Probe[] = [];
  for (const { name, adminOnly } of commands) {
    const database = adminOnly ? 'admin' : target.database;
    const key = `${version} ${name}`;
    const probe = (command: Document) => ({ family: 'command', name, target, database, command }) as const;
    const known = behaviour.forms.get(key);
    probes.push(
      await expecting(
        key,
        behaviour,
        known === undefined ? undefined : probe(formedCommand(name, seeds[name], target, known)),
        async () => {
          const { command, answer, form } = await fitCommand(
            name,
            seeds[name],
            target,
            (tried) => bystander.ask(database, { ...tried, ...stop }),
            known,
          );
          behaviour.forms.set(key, form);
          // Some commands check rights only when they run. The bystander may send them without a stop: it can do only
          // what everybody can.
          const asksForRights = isUnauthorized(answer) || isUnauthorized(await bystander.ask(database, command));
          return { ...probe(command), expects: asksForRights ? 'refused' : 'nothing' };
        },
      ),
    );
  }
  return probes;
}
