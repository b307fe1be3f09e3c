import { z } from 'zod';
import { policyActorSchema } from '../contracts/policy.ts';
import type { PolicyActor } from '../contracts/policy.ts';

/** The claims in which an issuer stores the data of a caller. */
export interface ClaimPlaces {
  /** Each place is a claim name, a dotted path, or a JSON Pointer. */
  readonly subject: string;
  readonly roles: readonly string[];
  readonly tenants: string;
  /** Maps roles of the issuer to roles of the plane; unlisted roles are ignored. Absent: roles are used unchanged. */
  readonly roleMap?: ReadonlyMap<string, string> | undefined;
}

/** A claim is missing or not valid. The message names the claim but never shows its value. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

type Claims = Readonly<Record<string, unknown>>;

function ownProperty(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Claims)[key] : undefined;
}

/** Tries the whole name first, because names such as `https://example.com/roles` contain dots. */
function claimAt(claims: Claims, place: string): unknown {
  if (place.startsWith('/')) {
    const keys = place
      .slice(1)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    return keys.reduce(ownProperty, claims as unknown);
  }
  return ownProperty(claims, place) ?? place.split('.').reduce(ownProperty, claims as unknown);
}

/** A list, or a string separated by spaces or commas, like `scope`. */
function listOf(value: unknown, place: string, of: string): string[] {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((part) => part !== '');
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw new ClaimError(`the claim "${place}" is not a list of ${of}`);
}

const roleSchema = policyActorSchema.shape.roles.element;
const maxRoles = 32;

function rolesOf(claims: Claims, { roles: places, roleMap }: ClaimPlaces, known: ReadonlySet<string>): string[] {
  const found = places
    .map((place) => ({ place, value: claimAt(claims, place) }))
    .filter(({ value }) => value !== undefined);
  if (found.length === 0)
    throw new ClaimError(`the token has no claim ${places.map((place) => `"${place}"`).join(' or ')}`);
  const named = found.flatMap(({ place, value }) => listOf(value, place, 'roles'));
  const roles = [...new Set(roleMap === undefined ? named : named.flatMap((name) => roleMap.get(name) ?? []))].filter(
    (role) => roleSchema.safeParse(role).success,
  );
  // An issuer may list many groups. Roles that policy knows come first, so that the limit does not cut them off.
  return roles.toSorted((a, b) => Number(known.has(b)) - Number(known.has(a))).slice(0, maxRoles);
}

/** The actor in the claims of a verified token. `known`: the roles that policy knows. @throws ClaimError */
export function actorOf(claims: Claims, places: ClaimPlaces, known: ReadonlySet<string>): PolicyActor {
  const subject = policyActorSchema.shape.subject.safeParse(claimAt(claims, places.subject));
  if (!subject.success) throw new ClaimError(`the claim "${places.subject}" is not a string of 1 to 256 characters`);
  const roles = rolesOf(claims, places, known);
  const confinement = claimAt(claims, places.tenants);
  if (confinement === undefined) return { subject: subject.data, roles };
  const tenants = z
    .array(policyActorSchema.shape.tenants.unwrap().element)
    .safeParse(listOf(confinement, places.tenants, 'uids of tenants'));
  if (!tenants.success) throw new ClaimError(`the claim "${places.tenants}" must contain only uids of tenants`);
  const limited = policyActorSchema.shape.tenants.safeParse(tenants.data);
  if (!limited.success)
    throw new ClaimError(`the claim "${places.tenants}" names more tenants than a token may contain`);
  return { subject: subject.data, roles, tenants: tenants.data };
}
