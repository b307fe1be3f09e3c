import { problems } from '../contracts/problems.ts';
import type { ProblemCode } from '../contracts/problems.ts';
import type { ProblemType } from '../contracts/problem-type.ts';

type Words = Partial<Pick<ProblemType, 'title' | 'fix'>>;

/** Texts for users of the command line, where those of the catalogue are for clients of the HTTP API. */
const words: Partial<Record<ProblemCode, Words>> = {
  request_invalid: {
    title: 'The command or manifest is not valid',
    fix: 'Correct the values listed above and try again.',
  },
  idempotency_key_missing: {
    title: 'The API does not understand this command',
    fix: 'Use the same version of the command as the API; tenure doctor shows both versions.',
  },
  idempotency_key_reused: {
    title: 'The API treats this as a repetition of another change',
    fix: 'Try again.',
  },
  idempotency_in_progress: {
    title: 'The same change is still in progress',
    fix: 'Check whether it was made (tenure get, tenure operations); if not, try again.',
  },
  page_token_invalid: { title: 'The list could not be read completely', fix: 'Try again.' },
  unauthenticated: {
    title: 'The token is missing or not valid',
    fix: 'Get a new token and store it where it is read from; tenure config explain shows where.',
  },
  route_not_found: {
    title: 'The API does not know this command',
    fix: 'Use the same version of the command as the API; tenure doctor shows both versions.',
  },
  method_not_allowed: {
    title: 'The API does not know this command',
    fix: 'Use the same version of the command as the API; tenure doctor shows both versions.',
  },
  already_exists: {
    fix: 'Choose another name, or try again to change the existing resource. A cell belongs to only one region.',
  },
  resource_in_use: {
    fix: 'First change the resources listed above so that they do not use it; a deleted tenant uses it until its purge.',
  },
  operation_in_progress: {
    fix: 'Wait for the operation, then try again; or cancel it, which undoes it: tenure operations cancel ID.',
  },
  operation_finished: {
    fix: 'Check how it ended: tenure describe operation ID. Only another operation can reverse what it did.',
  },
  field_owned: { fix: 'Correct the manifest, use the verb that reverses it, or apply with --force-conflicts.' },
  tenant_held: {
    fix: 'Omit spec.hold from the manifest or leave it unchanged; use tenure hold and tenure release-hold.',
  },
  mass_change_braked: {
    fix: 'Check that this is intended. Then have an admin run it again with --confirm-mass-change, or wait until the window has passed.',
  },
  rollout_not_possible: {
    fix: 'List the roll-outs of the template: tenure roll-out list TEMPLATE. Wait for the unfinished one, resume it or cancel it. If it has ended, start a new one.',
  },
  watch_expired: { fix: 'Watch again.' },
  precondition_failed: { fix: 'Read the current version and change that; or choose another name.' },
  revision_stale: {
    fix: 'Change the current version instead: tenure get with -o yaml prints it with its revision.',
  },
  body_too_large: {
    title: 'The manifest is too large',
    fix: 'Keep it below 1 MiB of JSON: use fewer or shorter JSON schemas and settings.',
  },
  media_type_unsupported: {
    title: 'The API does not understand this command',
    fix: 'Use the same version of the command as the API; tenure doctor shows both versions.',
  },
  headers_too_large: {
    title: 'The filter or the token is too long',
    fix: 'Shorten the filter, or use a smaller token.',
  },
  schema_rejected: {
    fix: 'Correct the collection named in the message, or the documents that conflict with it, and run the command again.',
  },
  owned_by_another: {
    fix: 'Inspect the resource named in the message. If it is not needed, remove or rename it. Then run the command again.',
  },
  policy_refused: { fix: 'Change the values listed above to allowed ones.' },
  transition_not_allowed: { fix: 'Use one of the transitions listed above.' },
  placement_immutable: {
    fix: 'Restore the fields listed above; a placed tenant keeps its mode, its region and the strategy of its services.',
  },
  change_not_available: { fix: 'Follow the fix of each entry above.' },
  isolation_not_available: { fix: 'Use one of the values listed above.' },
  placement_impossible: {
    fix: 'Allow more regions, or ask the operator for capacity; the list above says why each candidate was excluded.',
  },
  precondition_required: {
    title: 'The API does not understand this command',
    fix: 'Use the same version of the command as the API; tenure doctor shows both versions.',
  },
  internal: { fix: 'Report it with the requestId; the cause is in the logs of the installation.' },
};

/** Omitted for users of the command line, who do not see the header. The command has already waited. */
const whenToRepeat = /,? after the time in Retry-After/;

/** A problem in words of the command line. Unknown codes of a newer API are printed as they are. */
export function problemType(code: string): Pick<ProblemType, 'exit' | 'title'> & Partial<Pick<ProblemType, 'fix'>> {
  const known: Readonly<Record<string, ProblemType>> = problems;
  const own: Readonly<Record<string, Words>> = words;
  const type = known[code];
  return type === undefined
    ? { exit: 'operationFailed', title: code }
    : { exit: type.exit, title: type.title, fix: type.fix.replace(whenToRepeat, ''), ...own[code] };
}
