import type { Document } from 'mongodb';
import type { HomeNamespace } from '../../../domain/home-layout.ts';
import type { ProbeTarget, Probe } from './probe.ts';
import { stop, isUnauthorized } from './answer.ts';
import type { Bystander } from './bystander.ts';
import type { Inventory } from './inventory.ts';
import { expecting } from './known-refusals.ts';
import type { MongodBehaviour } from './known-refusals.ts';

/** Specifications of the stages that do not accept an empty one. */
function specifications({ database, collection }: ProbeTarget): Readonly<Record<string, unknown>> {
  const join = { from: collection, as: 'theirs' };
  return {
    $currentOp: { allUsers: true, idleSessions: true, idleCursors: true },
    $facet: { theirs: [{ $lookup: { ...join, pipeline: [] } }] },
    $graphLookup: { ...join, startWith: '$x', connectFromField: 'x', connectToField: 'x' },
    $listLocalSessions: { allUsers: true },
    $listSessions: { allUsers: true },
    $lookup: { ...join, pipeline: [] },
    $merge: { into: { db: database, coll: collection } },
    $out: { db: database, coll: collection },
    $unionWith: { coll: collection, pipeline: [] },
  };
}

/** Fields that an unknown stage may use to reach another collection. */
function genericSpec({ database, collection }: ProbeTarget): Document {
  return { from: collection, coll: collection, db: database, as: 'theirs', pipeline: [] };
}

const writing: ReadonlySet<string> = new Set(['$merge', '$out']);
const namesAnother: ReadonlySet<string> = new Set([
  '$facet',
  '$graphLookup',
  '$lookup',
  '$merge',
  '$out',
  '$unionWith',
]);

/** Where `{aggregate: 1}` can refer to something of the other tenant. */
const collectionless = ['its database', 'admin'] as const;

/**
 * Probes for every aggregation stage that mongod knows: on the other tenant's collection, on its database, on the whole
 * deployment, and from each of the tenant's own collections, directly and inside the pipelines of other stages.
 */
export async function stageProbes(
  { stages, version }: Inventory,
  target: ProbeTarget,
  own: readonly HomeNamespace[],
  bystander: Pick<Bystander, 'ask'>,
  behaviour: MongodBehaviour,
): Promise<Probe[]> {
  const specs = specifications(target);
  const probes: Probe[] = [];

  async function add(name: string, database: string, command: Document, known?: Probe['expects']): Promise<void> {
    const probe = { family: 'stage', name, target, database, command } as const;
    // Databases have other names in every verification.
    const key = `${version} ${name.replace(database, database === target.database ? 'its database' : 'another')}`;
    // The bystander shows whether mongod checks rights here at all.
    const examine = async (): Promise<Probe> => ({
      ...probe,
      expects: isUnauthorized(await bystander.ask(database, { ...command, ...stop })) ? 'refused' : 'nothing',
    });
    probes.push(known === undefined ? await expecting(key, behaviour, probe, examine) : { ...probe, expects: known });
  }
  const aggregateOver = (collection: string | 1, ...pipeline: Document[]): Document => ({
    aggregate: collection,
    pipeline,
    cursor: {},
  });

  for (const stage of stages) {
    const spec = { [stage]: specs[stage] ?? {} };
    await add(`${stage} over the collection`, target.database, aggregateOver(target.collection, spec));
    for (const scope of collectionless)
      await add(`${stage} over ${scope}`, scope === 'admin' ? 'admin' : target.database, aggregateOver(1, spec));
    for (const { database, name } of own) {
      const from = `from ${database}`;
      const reachesOut = namesAnother.has(stage) && (database === target.database || writing.has(stage));
      await add(
        `${stage} ${from}`,
        database,
        aggregateOver(name, { [stage]: specs[stage] ?? genericSpec(target) }),
        reachesOut ? 'refused' : 'nothing',
      );
      if (database !== target.database) continue;
      for (const [outer, nested] of [
        ['$unionWith', { $unionWith: { coll: target.collection, pipeline: [spec] } }],
        ['$lookup', { $lookup: { from: target.collection, as: 'theirs', pipeline: [spec] } }],
        ['$facet', { $facet: { theirs: [{ $lookup: { from: target.collection, as: 'theirs', pipeline: [spec] } }] } }],
      ] as const) {
        await add(`${stage} in ${outer} ${from}`, database, aggregateOver(name, nested));
      }
    }
  }
  return probes;
}
