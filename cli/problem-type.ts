import { problems } from '../contracts/problems.ts';
import type { ProblemCode } from '../contracts/problems.ts';
import type { ProblemType } from '../contracts/problem-type.ts';

type Words = Partial<Pick<ProblemType, 'title' | 'fix'>>;

/** Where the catalogue speaks to those who write requests, the same for those who write commands and manifests. */
const words: Partial<Record<ProblemCode, Words>> = {
  request_invalid: { title: 'What was asked for is not valid', fix: 'Correct what is named above, and ask again.' },
  idempotency_key_missing: {
    title: 'The API does not understand this command',
    fix: 'Use the command of the version that the API has: tenure doctor says both.',
  },
  idempotency_key_reused: {
    title: 'The API takes this for the repetition of another change',
    fix: 'Ask for it again.',
  },
  idempotency_in_progress: {
    title: 'The same change is still being made',
    fix: 'Look whether it has been made (tenure get, tenure operations); if not, ask for it again.',
  },
  page_token_invalid: { title: 'The list could not be read to its end', fix: 'Ask for it again.' },
  unauthenticated: {
    title: 'The token is missing or not valid',
    fix: 'Get a current token, and put it where it is read: tenure config explain says where that is.',
  },
  route_not_found: {
    title: 'The API does not know this command',
    fix: 'Use the command of the version that the API has: tenure doctor says both.',
  },
  method_not_allowed: {
    title: 'The API does not know this command',
    fix: 'Use the command of the version that the API has: tenure doctor says both.',
  },
  already_exists: {
    fix: 'Choose another name, or ask again to change what has it. A cell belongs to one region only.',
  },
  resource_in_use: {
    fix: 'Have what is named above use something else first; a deleted tenant uses it until its purge.',
  },
  operation_in_progress: {
    fix: 'Wait for the operation, then ask again; or have it cancelled and undone: tenure operations cancel ID.',
  },
  operation_finished: {
    fix: 'See how it ended: tenure describe operation ID. What it did is taken back only by another operation.',
  },
  field_owned: { fix: 'Correct the manifest, use the verb that reverses it, or apply with --force-conflicts.' },
  tenant_held: { fix: 'Leave spec.hold out of the manifest or as it is; use tenure hold and tenure release-hold.' },
  mass_change_braked: {
    fix: 'Make sure that this is meant; then an admin repeats it with --confirm-mass-change, or wait until the window has passed.',
  },
  rollout_not_possible: {
    fix: 'List the roll-outs of the template: tenure roll-out list TEMPLATE. Wait for the one that has not ended, resume or cancel it; one that has ended is not turned again: start a new one.',
  },
  watch_expired: { fix: 'Watch again.' },
  precondition_failed: { fix: 'See how it stands now, and ask again for a change of that; or choose another name.' },
  revision_stale: {
    fix: 'See how it stands now, and ask again for that: tenure get with -o yaml prints it with its revision.',
  },
  body_too_large: {
    title: 'The manifest is too large',
    fix: 'Keep it below 1 MiB of JSON: fewer or shorter JSON schemas and settings.',
  },
  media_type_unsupported: {
    title: 'The API does not understand this command',
    fix: 'Use the command of the version that the API has: tenure doctor says both.',
  },
  headers_too_large: {
    title: 'The filter or the token is too long',
    fix: 'Shorten the filter; or use a token that says less.',
  },
  policy_refused: { fix: 'Change what is named above to allowed values.' },
  transition_not_allowed: { fix: 'Go by one of the transitions named above.' },
  placement_immutable: {
    fix: 'Restore the fields named above; a placed tenant keeps its mode, its region and the strategy of its services.',
  },
  change_not_available: { fix: 'Do what each entry above says.' },
  isolation_not_available: { fix: 'Use one of the values named above.' },
  placement_impossible: {
    fix: 'Widen the allowed regions, or ask the operator for room; what removed each candidate is named above.',
  },
  precondition_required: {
    title: 'The API does not understand this command',
    fix: 'Use the command of the version that the API has: tenure doctor says both.',
  },
  internal: { fix: 'Report it with the requestId; the logs of the installation hold the cause.' },
};

/** Which the command has waited for already. */
const whenToRepeat = / An HTTP answer says when in Retry-After\.$/;

/** A problem in words of the command line. A later API may know codes that this command does not: those are told as they come. */
export function problemType(code: string): Pick<ProblemType, 'exit' | 'title'> & Partial<Pick<ProblemType, 'fix'>> {
  const known: Readonly<Record<string, ProblemType>> = problems;
  const own: Readonly<Record<string, Words>> = words;
  const type = known[code];
  return type === undefined
    ? { exit: 'operationFailed', title: code }
    : { exit: type.exit, title: type.title, fix: type.fix.replace(whenToRepeat, ''), ...own[code] };
}
