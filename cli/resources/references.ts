import { nameSchema } from '../../contracts/identifiers.ts';
import { usageFailure } from '../failure.ts';
import { withArticle } from '../text/wording.ts';
import { kindOf } from './kinds.ts';
import type { ResourceKind } from './kinds.ts';

/** What the arguments `KIND`, `KIND/NAME` and `KIND NAME...` refer to: one kind, and some of it, or all without names. */
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
      throw usageFailure(`"${argument}" is not ${withArticle(kind.singular)}`, 'use one kind per command');
    names.push(right ?? left);
  }
  if (names.some((given) => given === '' || given.includes('/')))
    throw usageFailure(`"${[first, ...rest].join(' ')}" contains no valid name`, `write ${kind.singular}/NAME`);
  for (const given of names) requireName(kind, given);
  return { kind, names };
}

const namedKinds: ReadonlySet<ResourceKind['singular']> = new Set(['tenant', 'template', 'plan', 'region', 'webhook']);

/** Checks only names, because they are typed; ids are copied. */
function requireName({ singular }: ResourceKind, given: string): void {
  if (!namedKinds.has(singular) || nameSchema.safeParse(given).success) return;
  const lower = given.toLowerCase();
  const form = 'a name has at most 63 lower-case letters, digits and "-", and starts with a letter';
  throw usageFailure(
    `"${given}" cannot be the name of ${withArticle(singular)}`,
    nameSchema.safeParse(lower).success ? `did you mean "${lower}"? ${form}` : form,
  );
}

/** @throws CliFailure usage, unless exactly one resource is given */
export function parseReference(commandArguments: readonly string[]): {
  readonly kind: ResourceKind;
  readonly name: string;
} {
  const { kind, names } = parseReferences(commandArguments);
  const [name, ...others] = names;
  if (name === undefined || others.length > 0)
    throw usageFailure(`exactly one ${kind.singular} is required`, `write ${kind.singular}/NAME`);
  return { kind, name };
}

/** The name of exactly one tenant. @throws CliFailure usage */
export function parseTenantReference(commandArguments: readonly string[]): string {
  const { kind, name } = parseReference(commandArguments);
  if (kind.singular !== 'tenant')
    throw usageFailure(`this command takes a tenant, not ${withArticle(kind.singular)}`, 'write tenant/NAME');
  return name;
}

/** Names of tenants, each written `acme` or `tenant/acme`. @throws CliFailure usage */
export function tenantNames(commandArguments: readonly string[]): readonly string[] {
  return parseReferences(['tenant', ...commandArguments]).names;
}

/** The same for exactly one. @throws CliFailure usage */
export function tenantName(commandArgument: string): string {
  return parseReference(['tenant', commandArgument]).name;
}

/** The name of exactly one template, written `startup` or `template/startup`. @throws CliFailure usage */
export function templateName(commandArgument: string): string {
  return parseReference(['template', commandArgument]).name;
}

/** The name of exactly one webhook, written `billing` or `webhook/billing`. @throws CliFailure usage */
export function webhookName(commandArgument: string): string {
  return parseReference(['webhook', commandArgument]).name;
}

/** The id of exactly one roll-out, written `ID` or `roll-out/ID`. @throws CliFailure usage */
export function rolloutId(commandArgument: string): string {
  return parseReference(['roll-out', commandArgument]).name;
}

function split(argument: string): string[] {
  const slash = argument.indexOf('/');
  return slash === -1 ? [argument] : [argument.slice(0, slash), argument.slice(slash + 1)];
}
