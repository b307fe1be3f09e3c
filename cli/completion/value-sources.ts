import type { Argument, Command, Option } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import { eventTypes } from '../../contracts/event-types.ts';
import { lifecycleStates } from '../../contracts/lifecycle.ts';
import { policyActions } from '../../contracts/policy.ts';
import { contextStorePath, readContexts } from '../contexts/context-store.ts';
import type { ConnectionSources } from '../connection.ts';
import { catalogKinds } from '../commands/delete-catalog-resource.ts';
import { verbsOn } from '../resources/access-actions.ts';
import { fieldNames } from '../resources/field-schemas.ts';
import { kindOf, kindWords } from '../resources/kinds.ts';
import type { ResourceKind, TenantFilter } from '../resources/kinds.ts';

/** What is known when a value is completed. */
export interface Asking {
  readonly current: string;
  readonly operands: readonly string[];
  readonly sources: ConnectionSources;
  /** A client with a time limit. */
  readonly api: () => ApiClient;
}

/** The possible values at a position; they need not start with the typed text. `files`: what the shell finds. */
export type ValueSource = 'files' | 'anything' | ((asking: Asking) => readonly string[] | Promise<readonly string[]>);

const maxNames = 200;

async function namesOf(
  { singular }: ResourceKind,
  { api, current }: Asking,
  prefix = current,
  baseFilter: TenantFilter = {},
): Promise<readonly string[]> {
  const kind = kindOf(singular);
  if (singular === 'roll-out') return rolloutIds(api());
  // Ask only for tenants with this prefix, because there may be many.
  const filter =
    singular === 'tenant' && /^[a-z][a-z0-9-]*$/.test(prefix) ? { ...baseFilter, namePrefix: prefix } : baseFilter;
  return (await kind.list(api(), maxNames, filter)).map(({ name }) => name);
}

async function rolloutIds(api: ApiClient): Promise<readonly string[]> {
  const { items } = (await api.call('listTemplates', { query: { pageSize: 20 } })).body;
  const lists = await Promise.all(
    items.map(
      async ({ metadata: { name } }) =>
        (await api.call('listRollouts', { params: { name }, query: { pageSize: 5 } })).body.items,
    ),
  );
  return lists.flat().map(({ id }) => id);
}

const named =
  (singular: ResourceKind['singular']): ValueSource =>
  (asking) =>
    namesOf(kindOf(singular), asking);

/** Only deleted tenants can be restored or purged. */
const deletedTenants: ValueSource = (asking) =>
  namesOf(kindOf('tenant'), asking, asking.current, { lifecycle: 'Deleted' });

/** `KIND`, `KIND/NAME`, or `NAME` after a kind, for the kinds that the command takes. */
function referencesTo(words: readonly string[]): ValueSource {
  return async (asking) => {
    const { current, operands } = asking;
    const [kind, name] = current.split('/');
    if (name !== undefined)
      return words.includes(kind ?? '')
        ? (await namesOf(kindOf(kind ?? ''), asking, name)).map((each) => `${kind}/${each}`)
        : [];
    const [first = ''] = operands;
    if (operands.length === 0) return words;
    return words.includes(first) ? namesOf(kindOf(first), asking) : [];
  };
}

const contexts: ValueSource = ({ sources }) =>
  Object.keys(readContexts(contextStorePath(sources.environment)).contexts);

/** `tenant.spec.` and the fields below it. */
const fieldPaths: ValueSource = ({ current }) => {
  const parent = current.slice(0, current.lastIndexOf('.'));
  if (!current.includes('.')) return ['placement', 'config', ...kindWords.filter((word) => !word.endsWith('s'))];
  return fieldNames(parent).map((name) => `${parent}.${name}`);
};

const waitConditions: ValueSource = () => [
  'Ready',
  ...lifecycleStates.map((state) => `lifecycle=${state}`),
  'condition=Ready',
  'condition=Placed',
  'condition=InSync',
];

const verbs: ValueSource = () => [
  ...new Set(
    ['tenant', 'template', 'plan', 'region', 'webhook', 'roll-out', 'operation', 'event', 'entry'].flatMap((kind) => [
      ...verbsOn(kind as ResourceKind['singular']).keys(),
    ]),
  ),
];

const optionSources: Readonly<Record<string, ValueSource>> = {
  '--file': 'files',
  '--token-file': 'files',
  '--key-file': 'files',
  '--ca-file': 'files',
  '--context': contexts,
  '--plan': named('plan'),
  '--template': named('template'),
  '--region': named('region'),
  '--tenant': named('tenant'),
  '--lifecycle': () => lifecycleStates,
  '--type': () => eventTypes,
  '--action': () => policyActions,
  '--operation': named('operation'),
  '--for': waitConditions,
  '--confirm': ({ operands }) => operands.map((operand) => operand.replace(/^tenants?\//, '')),
};

/** Sources of arguments whose name says what they are. */
const argumentSources: Readonly<Record<string, ValueSource>> = {
  template: named('template'),
  webhook: named('webhook'),
  plan: named('plan'),
  tenant: named('tenant'),
  other: named('tenant'),
};

/** Sources of the arguments of single commands, in order; the last one also applies to all that follow. */
const commandSources: Readonly<Record<string, readonly ValueSource[]>> = {
  get: [referencesTo(kindWords)],
  describe: [referencesTo(kindWords)],
  history: [referencesTo(['tenant'])],
  diff: [referencesTo(['tenant'])],
  rollback: [referencesTo(['tenant'])],
  delete: [
    async (asking) => {
      const [kind] = asking.current.split('/');
      if (kind !== asking.current && (catalogKinds as readonly string[]).includes(kind ?? ''))
        return (referencesTo(catalogKinds) as Exclude<ValueSource, string>)({ ...asking, operands: [] });
      return [...catalogKinds.map((each) => `${each}/`), ...(await namesOf(kindOf('tenant'), asking))];
    },
    (asking) =>
      asking.operands[0] === 'tenant' || (catalogKinds as readonly string[]).includes(asking.operands[0] ?? '')
        ? namesOf(kindOf(asking.operands[0] ?? ''), asking)
        : [],
  ],
  undelete: [deletedTenants],
  purge: [deletedTenants],
  wait: [referencesTo(['tenant', 'operation', 'roll-out'])],
  explain: [fieldPaths, named('tenant')],
  'audit get': [named('entry')],
  'audit export': ['files'],
  'audit verify': ['files'],
  'audit explain': [named('operation')],
  'operations cancel': [named('operation')],
  'operations abandon': [named('operation')],
  'roll-out status': [named('roll-out')],
  'roll-out pause': [named('roll-out')],
  'roll-out resume': [named('roll-out')],
  'roll-out cancel': [named('roll-out')],
  'can-i': [verbs, (asking) => (referencesTo(kindWords) as Exclude<ValueSource, string>)({ ...asking, operands: [] })],
  'context use': [contexts],
  'context show': [contexts],
  'context set': [contexts],
  'context delete': [contexts],
};

/** `roll-out start` */
export function pathOf(command: Command): string {
  return command.parent?.parent == null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/** The source of an option's values; `anything` is not completed. */
export function sourceOfOption({ long, argChoices }: Option): ValueSource {
  return argChoices === undefined ? (optionSources[long ?? ''] ?? 'anything') : () => argChoices;
}

/** The same for an argument; `undefined` if it has none. The `name` of a verb is the name of a tenant. */
export function sourceOfArgument(command: Command, argument: Argument): ValueSource | undefined {
  const { argChoices } = argument;
  if (argChoices !== undefined) return () => argChoices;
  const own = commandSources[pathOf(command)];
  const index = command.registeredArguments.indexOf(argument);
  if (own !== undefined) return own[index] ?? own.at(-1);
  if (argument.name() === 'name' && argument.description.startsWith('tenant')) return named('tenant');
  return argumentSources[argument.name()];
}
