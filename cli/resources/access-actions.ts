import { policyActions } from '../../contracts/policy.ts';
import type { PolicyAction } from '../../contracts/policy.ts';
import { usageFailure } from '../failure.ts';
import { withArticle, didYouMean } from '../text/wording.ts';
import type { ResourceKind } from './kinds.ts';

type Kind = ResourceKind['singular'];

/** The prefix of the actions on a kind. A tombstone has no actions of its own. */
const prefixes: Partial<Record<Kind, string>> = {
  tenant: 'tenant',
  template: 'template',
  'roll-out': 'rollout',
  plan: 'plan',
  region: 'region',
  webhook: 'webhook',
  operation: 'operation',
  event: 'event',
  entry: 'audit',
};

/** Verbs of the command line that have another name in policy. */
const aliases: Partial<Record<Kind, Readonly<Record<string, PolicyAction>>>> = {
  tenant: {
    apply: 'tenant.update',
    rollback: 'tenant.update',
    describe: 'tenant.get',
    history: 'tenant.get',
    diff: 'tenant.get',
    verify: 'tenant.verify_isolation',
  },
  template: { describe: 'template.get' },
  webhook: {
    describe: 'webhook.get',
    health: 'webhook.get',
    deliveries: 'webhook.get',
    attempts: 'webhook.get',
    'rotate-secret': 'webhook.rotate_secret',
  },
  'roll-out': {
    describe: 'rollout.get',
    list: 'rollout.get',
    status: 'rollout.get',
    preview: 'template.roll_out',
    start: 'template.roll_out',
    pause: 'template.roll_out',
    resume: 'template.roll_out',
    cancel: 'template.roll_out',
  },
  plan: { describe: 'plan.get' },
  region: { describe: 'region.get' },
  operation: { describe: 'operation.get', wait: 'operation.get' },
  event: { describe: 'event.get', watch: 'event.list' },
  tombstone: { get: 'tenant.get', list: 'tenant.list', describe: 'tenant.get' },
};

/** Every verb on a kind that policy decides about, as written on the command line. */
export function verbsOn(kind: Kind): ReadonlyMap<string, PolicyAction> {
  const prefix = prefixes[kind];
  const own = policyActions.filter((action) => action.startsWith(`${prefix}.`));
  return new Map([...own.map((action) => [verbOf(action), action] as const), ...Object.entries(aliases[kind] ?? {})]);
}

/** @throws CliFailure usage, for an unknown verb */
export function actionOf(verb: string, { singular }: ResourceKind): PolicyAction {
  const verbs = verbsOn(singular);
  const action = verbs.get(verb.replaceAll('_', '-'));
  if (action !== undefined) return action;
  const known = [...verbs.keys()];
  throw usageFailure(
    `unknown verb "${verb}" for ${withArticle(singular)}`,
    didYouMean(verb, known, `use one of ${known.join(', ')}`),
  );
}

/** Each action once, in words of the command line, without the access check itself. */
export const checkableActions: readonly {
  readonly action: PolicyAction;
  readonly kind: Kind;
  readonly verb: string;
}[] = Object.entries(prefixes).flatMap(([kind, prefix]) =>
  policyActions
    .filter((action) => action.startsWith(`${prefix}.`))
    .map((action) => ({ action, kind: kind as Kind, verb: verbOf(action) })),
);

function verbOf(action: PolicyAction): string {
  return action.slice(action.indexOf('.') + 1).replaceAll('_', '-');
}
