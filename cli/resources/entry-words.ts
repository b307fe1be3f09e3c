import { targetWord } from '../../contracts/ledger-entry.ts';
import type { AuditEntry } from '../../contracts/audit.ts';

/** Who did it, for a person. The subject can have been erased. */
export function actorOf({ actor: { subject, onBehalfOf }, entry }: AuditEntry): string {
  const who = subject ?? '(erased)';
  const behalf = onBehalfOf === undefined ? '' : ` for ${onBehalfOf}`;
  return `${who}${behalf}${entry.actor.roles.length === 0 ? '' : ` (${entry.actor.roles.join(', ')})`}`;
}

/** What it was done to: `tenant/acme`. */
export function targetOf({ entry: { target } }: AuditEntry): string {
  const kind = targetWord(target.kind);
  const name = target.name ?? target.uid;
  return name === undefined ? kind : `${kind}/${name}`;
}

/** The decision of policy in one line. */
export function decisionOf({ policy }: AuditEntry['entry']): string | undefined {
  return policy === undefined ? undefined : `${policy.decision} by ${policy.rules.join(', ') || 'no rule'}`;
}
