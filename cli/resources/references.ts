import { nameSchema } from '../../contracts/identifiers.ts';
import { usageFailure } from '../failure.ts';
import { kindOf } from './kinds.ts';
import type { ResourceKind } from './kinds.ts';

/** What the arguments `KIND`, `KIND/NAME` and `KIND NAME...` name: one kind, and some of it or (no names) all. */
export interface References {
  readonly kind: ResourceKind;
  readonly names: readonly string[];
}

/** @throws CliFailure usage, for an unknown kind, an empty name or two kinds */
export function parseReferences([first = '', ...rest]: readonly string[]): References {
  const [word = '', name] = split(first);
  const kind = kindOf(word);
  const names = name === undefined ? [] : [name];
  for (const argument of rest) {
    const [left = '', right] = split(argument);
    if (right !== undefined && kindOf(left) !== kind)
      throw usageFailure(`"${argument}" is no ${kind.singular}`, 'ask for one kind at a time');
    names.push(right ?? left);
  }
  if (names.some((given) => given === '' || given.includes('/')))
    throw usageFailure(`"${[first, ...rest].join(' ')}" holds no proper name`, `write ${kind.singular}/NAME`);
  for (const given of names) requireName(kind, given);
  return { kind, names };
}

const namedKinds: ReadonlySet<ResourceKind['singular']> = new Set(['tenant', 'template', 'plan', 'region']);

/** Ids are long and copied; names are typed. */
function requireName({ singular }: ResourceKind, given: string): void {
  if (!namedKinds.has(singular) || nameSchema.safeParse(given).success) return;
  const lower = given.toLowerCase();
  const form = 'a name has at most 63 lower-case letters, digits and "-", and begins with a letter';
  throw usageFailure(
    `"${given}" cannot be the name of a ${singular}`,
    nameSchema.safeParse(lower).success ? `did you mean "${lower}"? ${form}` : form,
  );
}

/** @throws CliFailure usage, unless exactly one resource is named */
export function parseReference(commandArguments: readonly string[]): {
  readonly kind: ResourceKind;
  readonly name: string;
} {
  const { kind, names } = parseReferences(commandArguments);
  const [name, ...others] = names;
  if (name === undefined || others.length > 0)
    throw usageFailure(`name exactly one ${kind.singular}`, `write ${kind.singular}/NAME`);
  return { kind, name };
}

/** The name of the one tenant that is named. @throws CliFailure usage */
export function parseTenantReference(commandArguments: readonly string[]): string {
  const { kind, name } = parseReference(commandArguments);
  if (kind.singular !== 'tenant')
    throw usageFailure(`only a tenant has this, not a ${kind.singular}`, 'write tenant/NAME');
  return name;
}

/** Names of tenants, each written `acme` or `tenant/acme`. @throws CliFailure usage */
export function tenantNames(commandArguments: readonly string[]): readonly string[] {
  return parseReferences(['tenant', ...commandArguments]).names;
}

/** The same for one. @throws CliFailure usage */
export function tenantName(commandArgument: string): string {
  return parseReference(['tenant', commandArgument]).name;
}

/** The name of the one template that is named, `startup` or `template/startup`. @throws CliFailure usage */
export function templateName(commandArgument: string): string {
  return parseReference(['template', commandArgument]).name;
}

/** The id of the one roll-out that is named, `ID` or `roll-out/ID`. @throws CliFailure usage */
export function rolloutId(commandArgument: string): string {
  return parseReference(['roll-out', commandArgument]).name;
}

function split(argument: string): string[] {
  const slash = argument.indexOf('/');
  return slash === -1 ? [argument] : [argument.slice(0, slash), argument.slice(slash + 1)];
}
