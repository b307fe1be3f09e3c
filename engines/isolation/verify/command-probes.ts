import type { ProbeTarget } from './probe-target.ts';
import { stop, wantsRights } from './answer.ts';
import type { Bystander } from './bystander.ts';
import { commandSeeds } from './command-seeds.ts';
import { fitCommand } from './fit-command.ts';
import type { Inventory } from './inventory.ts';
import type { Probe } from './probe.ts';

/**
 * A probe for every command that mongod has, each aimed at the other. What mongod refuses to one without rights it has to refuse to the
 * tenant; what it refuses to nobody must not tell or change anything of the other.
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
    // Some look at rights only when they run. Without a stop, for it is asked by one who may do nothing but what everybody may.
    const asksForRights = wantsRights(answer) || wantsRights(await bystander.ask(database, command));
    probes.push({ family: 'command', name, target, database, command, expects: asksForRights ? 'refused' : 'nothing' });
  }
  return probes;
}
