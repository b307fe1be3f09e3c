import { BSON, MongoClient } from 'mongodb';
import type { Document } from 'mongodb';
import { probeClasses, probeFamilies } from '../../../contracts/isolation-report.ts';
import type { IsolationDirection, ProbeFamily } from '../../../contracts/isolation-report.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { readOnCell } from '../cell-commands.ts';
import type { CellWork, Home } from '../home.ts';
import { differenceOf, privilegesOf } from '../parts/privileges.ts';
import type { Privilege } from '../parts/privileges.ts';
import { footholds } from '../probe/boundary-attempts.ts';
import { probeTargetsIn } from './probe.ts';
import { ask } from './answer.ts';
import type { Bystander } from './bystander.ts';
import { isIntact } from './canaries.ts';
import type { Canary } from './canaries.ts';
import { commandProbes } from './command-probes.ts';
import type { MongodBehaviour } from './known-refusals.ts';
import { craftedProbes, probesOfEach } from './crafted-probes.ts';
import { readInventory } from './inventory.ts';
import type { Inventory } from './inventory.ts';
import { createNobody, judge } from './judge.ts';
import type { JudgeContext, Verdict } from './judge.ts';
import { openProbeConnection } from './probe-connection.ts';
import { probeActivity, probeTransactions } from './live-probes.ts';
import { probeLogins } from './login-probes.ts';
import { changesBetween, createHomeView } from './others-view.ts';
import type { Probe } from './probe.ts';
import { stageProbes } from './stage-probes.ts';

export interface Side {
  readonly name: string;
  readonly home: Home;
  readonly password: string;
  readonly canary: Canary;
}

export interface Direction {
  readonly from: Side;
  readonly to: Side;
  /** On the other tenant's cell. */
  readonly bystander: Bystander;
  readonly behaviour: MongodBehaviour;
  readonly newId: () => string;
}

interface Outcome {
  readonly family: ProbeFamily;
  readonly name: string;
  readonly database: string;
  readonly command: Document;
  readonly verdict: Verdict;
}

function connect({ home, password }: Side, maxPoolSize = 1): MongoClient {
  const { cell, layout } = home;
  return new MongoClient(cell.endpoint, {
    auth: { username: layout.user, password },
    authSource: layout.database,
    authMechanism: 'SCRAM-SHA-256',
    maxPoolSize,
    serverSelectionTimeoutMS: 5_000,
  });
}

function disturbed({ name }: Side): TenureError {
  return new TenureError(
    'verification_disturbed',
    `tenant "${name}" wrote to the canary in its own collection during the verification: the result proves nothing`,
  );
}

/** @throws TenureError verification_disturbed if the canary is no longer as it was planted: its owner may change it */
async function requireUndisturbed(side: Side): Promise<void> {
  if (!(await isIntact(side.home, side.canary))) throw disturbed(side);
}

/**
 * @throws TenureError verification_disturbed; isolation_probe_failed if the tenant cannot read its own data: refusals
 * then prove nothing
 */
async function requireOwnAccess(side: Side, client: MongoClient): Promise<void> {
  const { home, canary } = side;
  for (const { database, name } of footholds(home)) {
    const answer = await ask(home, client, database, { find: name, filter: { _id: canary._id } });
    const [found] = answer.kind === 'done' ? (answer.reply['cursor'] as { firstBatch: Document[] }).firstBatch : [];
    if (found?.['canary'] === canary.canary) continue;
    await requireUndisturbed(side);
    throw new TenureError(
      'isolation_probe_failed',
      `tenant ${home.uid} cannot read its own data on cell "${home.cell.name}": refusals prove nothing`,
    );
  }
}

/**
 * Whether the tenant's rights, as reported by mongod, are exactly what is declared. Otherwise a right on a third tenant
 * would go unnoticed.
 */
async function judgeRights({ home }: Side, client: MongoClient): Promise<Outcome> {
  const command = { connectionStatus: 1, showPrivileges: true };
  const asTenant: CellWork = { lease: home.lease, cell: { ...home.cell, client } };
  const { authenticatedUserPrivileges } = (await readOnCell(asTenant, home.layout.database, command))['authInfo'] as {
    authenticatedUserPrivileges: Privilege[];
  };
  const difference = differenceOf(authenticatedUserPrivileges, privilegesOf(home, 'read-write'));
  const verdict: Verdict =
    difference === undefined
      ? { class: 'harmless', detail: 'exactly the rights on its own collections' }
      : { class: 'breach', evidence: 'let', detail: difference };
  return { family: 'rights', name: 'rights by mongod’s account', database: home.layout.database, command, verdict };
}

async function runProbes(
  { from, to, bystander, behaviour, newId }: Direction,
  inventory: Inventory,
): Promise<Outcome[]> {
  const sameCell = from.home.cell.name === to.home.cell.name;
  const anonymous = (): MongoClient =>
    new MongoClient(to.home.cell.endpoint, { maxPoolSize: 1, serverSelectionTimeoutMS: 5_000 });
  const connection = openProbeConnection(to.home, sameCell ? () => connect(from) : anonymous, { loggedIn: sameCell });
  const fromClient = connect(from);
  try {
    await requireOwnAccess(from, fromClient);
    const view = createHomeView(to.home, to.canary, from.canary);
    const before = await view();
    await requireUndisturbed(to);
    const observed = { isDisturbed: false };
    const changes = async (): Promise<string[]> => {
      const now = await view();
      observed.isDisturbed ||= now.canaries !== before.canaries;
      return changesBetween(before, now);
    };
    const jury: JudgeContext = { connection, canary: to.canary.canary, nobody: createNobody(newId), changes };
    const outcomes: Outcome[] = [await judgeRights(from, fromClient)];

    const targets = await probeTargetsIn(to.home);
    const probes: Probe[] = probesOfEach({ from: from.home, to: to.home }, targets);
    for (const target of targets) {
      probes.push(...craftedProbes({ from: from.home, to: to.home }, target, inventory));
      probes.push(
        ...(await stageProbes(inventory, target, sameCell ? footholds(from.home) : [], bystander, behaviour)),
      );
      probes.push(...(await commandProbes(inventory, target, bystander, behaviour)));
    }
    for (const probe of probes) outcomes.push({ ...probe, verdict: await judge(jury, probe) });

    const [target] = targets;
    if (sameCell && target !== undefined) {
      // It waits on one connection while it works on another.
      const owner = connect(to, 3);
      try {
        const live = {
          cell: to.home.cell,
          lease: to.home.lease,
          from: from.home,
          to: to.home,
          client: fromClient,
          owner,
          target,
          canary: to.canary,
        };
        for (const outcome of [...(await probeActivity(live)), ...(await probeTransactions(live))])
          outcomes.push({ family: 'live', ...outcome });
      } finally {
        await owner.close();
      }
    }
    for (const outcome of await probeLogins(from.home, to.home, from.password))
      outcomes.push({ family: 'login', ...outcome });

    const changed = await changes();
    if (changed.length > 0 && !outcomes.some(({ verdict }) => verdict.class === 'breach')) {
      const verdict: Verdict = {
        class: 'breach',
        evidence: 'changed',
        detail: `${changed.join(', ')} of the other tenant changed; it is unknown which probe did it`,
      };
      outcomes.push({
        family: 'live',
        name: 'the other tenant’s home at the end',
        database: to.home.layout.database,
        command: {},
        verdict,
      });
    }
    if (observed.isDisturbed) {
      // What mongod allowed or disclosed is true all the same; that something changed may be its owner's doing.
      if (!outcomes.some(({ verdict }) => verdict.class === 'breach' && verdict.evidence !== 'changed'))
        throw disturbed(to);
      return outcomes.filter(({ family, verdict }) => family !== 'live' || verdict.evidence !== 'changed');
    }
    await requireOwnAccess(from, fromClient);
    return outcomes;
  } finally {
    await Promise.all([connection.close(), fromClient.close()]);
  }
}

const summaryOf = ({ name, family, verdict }: Outcome) => ({ probe: name, family, detail: verdict.detail });

/** Tries everything that mongod knows with one tenant's credential on another's data, and reports the result. */
export async function verifyDirection(direction: Direction): Promise<IsolationDirection> {
  const { from, to } = direction;
  const inventory = await readInventory(to.home);
  const outcomes = await runProbes(direction, inventory);
  const withClass = (probeClass: Verdict['class']): Outcome[] =>
    outcomes.filter(({ verdict }) => verdict.class === probeClass);
  const count = (family: ProbeFamily, probeClass: Verdict['class']): number =>
    withClass(probeClass).filter((outcome) => outcome.family === family).length;
  const codes = Map.groupBy(withClass('refused'), ({ verdict }) => verdict.code ?? 0);
  return {
    from: from.name,
    to: to.name,
    cell: to.home.cell.name,
    mongod: inventory.version,
    known: { commands: inventory.commands.length, stages: inventory.stages.length },
    probes: outcomes.length,
    counts: probeFamilies.map((family) => ({
      family,
      ...(Object.fromEntries(probeClasses.map((probeClass) => [probeClass, count(family, probeClass)])) as Record<
        Verdict['class'],
        number
      >),
    })),
    refusals: [...codes]
      .map(([code, refused]) => ({ code, count: refused.length }))
      .toSorted((a, b) => a.code - b.code),
    harmless: withClass('harmless').map(summaryOf),
    notApplicable: withClass('notApplicable').map(summaryOf),
    breaches: withClass('breach').map((outcome) => ({
      ...summaryOf(outcome),
      evidence: outcome.verdict.evidence ?? 'let',
      database: outcome.database,
      command: BSON.EJSON.stringify(outcome.command),
    })),
  };
}
