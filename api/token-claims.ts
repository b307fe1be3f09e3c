import { z } from 'zod';
import { policyActorSchema } from '../contracts/policy.ts';
import type { PolicyActor } from '../contracts/policy.ts';

/** Where an issuer writes what the plane wants to know of a caller. */
export interface ClaimPlaces {
  /** Each the name of a claim, a path with dots, or a JSON Pointer. */
  readonly subject: string;
  readonly roles: readonly string[];
  readonly tenants: string;
  /** What a role of the issuer is here; absent: the same. One that is not among them is none. */
  readonly roleMap?: ReadonlyMap<string, string> | undefined;
}

/** A claim that is not as it has to be. The text names it, and never shows its value. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';
}

type Claims = Readonly<Record<string, unknown>>;

function own(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Claims)[key] : undefined;
}

/** Names such as `https://example.com/roles` hold dots: the whole name comes first. */
function claimAt(claims: Claims, place: string): unknown {
  if (place.startsWith('/')) {
    const keys = place
      .slice(1)
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    return keys.reduce(own, claims as unknown);
  }
  return own(claims, place) ?? place.split('.').reduce(own, claims as unknown);
}

/** A list, or text with spaces or commas between, as `scope` has it. */
function listOf(value: unknown, place: string, of: string): string[] {
  if (typeof value === 'string') return value.split(/[\s,]+/).filter((part) => part !== '');
  if (Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  throw new ClaimError(`the claim "${place}" is no list of ${of}`);
}

const roleSchema = policyActorSchema.shape.roles.element;
const maxRoles = 32;

function rolesOf(claims: Claims, { roles: places, roleMap }: ClaimPlaces, known: ReadonlySet<string>): string[] {
  const found = places
    .map((place) => ({ place, value: claimAt(claims, place) }))
    .filter(({ value }) => value !== undefined);
  if (found.length === 0) throw new ClaimError(`there is no claim ${places.map((place) => `"${place}"`).join(' or ')}`);
  const named = found.flatMap(({ place, value }) => listOf(value, place, 'roles'));
  const roles = [...new Set(roleMap === undefined ? named : named.flatMap((name) => roleMap.get(name) ?? []))].filter(
    (role) => roleSchema.safeParse(role).success,
  );
  // An issuer may name every group that somebody is in; those that policy knows decide, and come first.
  return roles.toSorted((a, b) => Number(known.has(b)) - Number(known.has(a))).slice(0, maxRoles);
}

/** Who the claims of a verified token speak for. `known`: the roles that policy knows. @throws ClaimError */
export function actorOf(claims: Claims, places: ClaimPlaces, known: ReadonlySet<string>): PolicyActor {
  const subject = policyActorSchema.shape.subject.safeParse(claimAt(claims, places.subject));
  if (!subject.success) throw new ClaimError(`the claim "${places.subject}" is no text of 1 to 256 characters`);
  const roles = rolesOf(claims, places, known);
  const confinement = claimAt(claims, places.tenants);
  if (confinement === undefined) return { subject: subject.data, roles };
  const tenants = z
    .array(policyActorSchema.shape.tenants.unwrap().element)
    .safeParse(listOf(confinement, places.tenants, 'uids of tenants'));
  if (!tenants.success) throw new ClaimError(`the claim "${places.tenants}" holds something else than uids of tenants`);
  const most = policyActorSchema.shape.tenants.safeParse(tenants.data);
  if (!most.success) throw new ClaimError(`the claim "${places.tenants}" names more tenants than a token may`);
  return { subject: subject.data, roles, tenants: tenants.data };
}
