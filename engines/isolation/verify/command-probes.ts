import type { ProbeTarget } from './probe-target.ts';
import { stop, wantsRights } from './answer.ts';
import type { Bystander } from './bystander.ts';
import { commandSeeds } from './command-seeds.ts';
import { fitCommand } from './fit-command.ts';
import type { Inventory } from './inventory.ts';
import type { Probe } from './probe.ts';

/**
 * One probe for every command of mongod, aimed at the other tenant. What mongod refuses to a user without rights it
 * must refuse to the tenant; what it allows everybody must not disclose or change anything of the other tenant.
 */
export async function commandProbes(
  { commands }: Inventory,
  target: ProbeTarget,
  bystander: Pick<Bystander, 'ask'>,
): Promise<Probe[]> {
  const seeds = commandSeeds(target);
  const probes: Probe[] = [];
  for (const { name, adminOnly } of commands) {
    const database = adminOnly ? 'admin' : target.database;
    const { command, answer } = await fitCommand(name, seeds[name], target, (tried) =>
      bystander.ask(database, { ...tried, ...stop }),
    );
    // Some commands check rights only when they run. The bystander may send them without a stop: it can do only what
    // everybody can.
    const asksForRights = wantsRights(answer) || wantsRights(await bystander.ask(database, command));
    probes.push({ family: 'command', name, target, database, command, expects: asksForRights ? 'refused' : 'nothing' });
  }
  return probes;
}
