import type { Document } from 'mongodb';
import type { Aim } from './aim.ts';
import { isRefusal, isWithoutLogin, stop } from './answer.ts';
import type { Answer } from './answer.ts';
import { commandSeeds } from './command-seeds.ts';
import { fitCommand } from './fit-command.ts';
import type { Inventory } from './inventory.ts';
import type { Probe } from './probe.ts';

/** Sends something as one who has no rights at all, on a connection of its own where `alone`. */
export type AskAsBystander = (database: string, command: Document, how?: { readonly alone: true }) => Promise<Answer>;

/**
 * A probe for every command that mongod has, each aimed at the other. What mongod refuses to one without rights it has to refuse to the
 * tenant; what it refuses to nobody must not tell or change anything of the other.
 */
export async function commandProbes({ commands }: Inventory, aim: Aim, ask: AskAsBystander): Promise<Probe[]> {
  const seeds = commandSeeds(aim);
  const probes: Probe[] = [];
  for (const { name, adminOnly } of commands) {
    const database = adminOnly ? 'admin' : aim.database;
    const { command, answer } = await fitCommand(name, seeds[name], aim, (tried) => ask(database, { ...tried, ...stop }));
    // Some look at rights only when they run.
    const asksForRights = isRefusal(answer) || isRefusal(await asked(ask, database, command));
    probes.push({ family: 'command', name, aim, database, command, ...(asksForRights ? { expects: 'refused' } : { expects: 'nothing', alone: true }) });
  }
  return probes;
}

/** Without a stop: it is asked by one who may do nothing but what everybody may. */
async function asked(ask: AskAsBystander, database: string, command: Document): Promise<Answer> {
  const answer = await ask(database, command, { alone: true });
  // A command that ends the login has been done, not refused.
  return isWithoutLogin(answer) ? { kind: 'done', reply: {} } : answer;
}
