/** What `tenure` exits with. Documented, and never given a second meaning. */
export const exitCodes = {
  ok: 0,
  operationFailed: 1,
  /** Of `diff` only, as diff(1) has it; there every other failure is more than 1. */
  differs: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  denied: 5,
  waitTimeout: 7,
  unavailable: 8,
  interrupted: 130,
} as const;
export type ExitCodeName = keyof typeof exitCodes;

export interface ProblemType {
  /** HTTP status, as an answer or as the status an operation's error would have had. */
  readonly status: number;
  readonly exit: ExitCodeName;
  /** Whose fault: the caller can mend a `user` problem; a `system` problem is for the operator. */
  readonly fault: 'user' | 'system';
  /** Whether the same request may succeed later without being changed. */
  readonly retryable: boolean;
  readonly title: string;
  readonly fix: string;
}

/**
 * The one catalogue of everything that can go wrong: HTTP answers, operation errors and CLI exits all name one of these
 * codes. A code once released keeps its meaning for ever; `docs/reference/problems.md` is generated from here.
 */
export const problems = {
  request_invalid: { status: 400, exit: 'usage', fault: 'user', retryable: false, title: 'The request is not valid', fix: 'Correct the fields listed under "errors" and send it again.' },
  idempotency_key_missing: { status: 400, exit: 'usage', fault: 'user', retryable: false, title: 'The Idempotency-Key header is missing', fix: 'Send a fresh random Idempotency-Key, and the same one when you repeat the request.' },
  page_token_invalid: { status: 400, exit: 'usage', fault: 'user', retryable: false, title: 'The page token does not belong to this list', fix: 'Begin the list again without pageToken.' },
  unauthenticated: { status: 401, exit: 'denied', fault: 'user', retryable: false, title: 'The bearer token is missing or not valid', fix: 'Send "Authorization: Bearer <token>" with a current token of the configured issuer.' },
  forbidden: { status: 403, exit: 'denied', fault: 'user', retryable: false, title: 'Policy does not allow this to the caller', fix: 'Ask for a role that allows the action, or use another token.' },
  not_found: { status: 404, exit: 'notFound', fault: 'user', retryable: false, title: 'There is no such resource', fix: 'Check the name; list what you may see.' },
  route_not_found: { status: 404, exit: 'notFound', fault: 'user', retryable: false, title: 'There is no such route', fix: 'Check the method and path against the API reference, which the API serves at /docs.' },
  method_not_allowed: { status: 405, exit: 'usage', fault: 'user', retryable: false, title: 'The path does not take this method', fix: 'Use one of the methods in the Allow header.' },
  already_exists: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'The name is taken', fix: 'Choose another name, or change what has it with PUT. A cell belongs to one region only.' },
  resource_in_use: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'Something still uses it', fix: 'Have what "errors" names use something else first; a deleted tenant uses it until its purge.' },
  operation_in_progress: { status: 409, exit: 'conflict', fault: 'user', retryable: true, title: 'Another operation of this tenant is running', fix: 'Wait for the operation named in "operation", then try again; or cancel it. A verb that was asked for without preempt=true may be asked for with it.' },
  operation_finished: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'The operation has ended already', fix: 'Read it to see how; what it did is taken back only by another operation.' },
  cancel_not_possible: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'The operation can no longer be cancelled', fix: 'Wait for its end: what it has destroyed cannot be brought back.' },
  abandon_not_possible: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'The operation is not one that can be abandoned', fix: 'Cancel it first. Only what is to be undone on a cell, or purged there, can be left where it is.' },
  field_owned: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'The manifest would reverse what a verb has set', fix: 'Correct the manifest, use the verb that reverses it, or apply with force=true.' },
  tenant_held: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'A legal hold is set and lifted by its own verbs only', fix: 'Leave spec.hold out of the manifest or as it is; use the verbs hold and release-hold.' },
  tenant_deleted: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'The tenant is deleted', fix: 'Undelete it first, or wait for its purge to use the name anew.' },
  mass_change_braked: { status: 409, exit: 'conflict', fault: 'user', retryable: true, title: 'Too many tenants are being suspended, deleted or purged at once', fix: 'Make sure that this is meant; then an admin repeats it with confirmMassChange=true, or wait until the window has passed.' },
  tenant_not_active: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'The tenant is not Active', fix: 'Activate, resume or reactivate it first.' },
  verification_disturbed: { status: 409, exit: 'conflict', fault: 'user', retryable: true, title: 'A tenant wrote to the canary while its isolation was verified', fix: 'Verify again at a time when its application does not rewrite or empty whole collections.' },
  idempotency_in_progress: { status: 409, exit: 'conflict', fault: 'user', retryable: true, title: 'A request with this Idempotency-Key is still running', fix: 'Repeat the request a little later with the same key.' },
  watch_expired: { status: 410, exit: 'conflict', fault: 'user', retryable: false, title: 'What has changed since then is no longer known', fix: 'Open the watch without Last-Event-ID, list, and go on from there.' },
  revision_stale: { status: 412, exit: 'conflict', fault: 'user', retryable: false, title: 'The resource has changed since it was read', fix: 'Read it again, apply the change to what you read, and send its new ETag in If-Match.' },
  precondition_failed: { status: 412, exit: 'conflict', fault: 'user', retryable: false, title: 'What was to be created is there already', fix: 'Read it, and send its ETag in If-Match to change it; or choose another name.' },
  body_too_large: { status: 413, exit: 'usage', fault: 'user', retryable: false, title: 'The request body is too large', fix: 'Send at most 1 MiB of JSON.' },
  media_type_unsupported: { status: 415, exit: 'usage', fault: 'user', retryable: false, title: 'The body is not JSON', fix: 'Send "Content-Type: application/json".' },
  too_many_requests: { status: 429, exit: 'unavailable', fault: 'user', retryable: true, title: 'The caller asks for too much at once', fix: 'Wait for the answers that are under way, or end watches that are not needed; then try again. An HTTP answer says when in Retry-After.' },
  headers_too_large: { status: 431, exit: 'usage', fault: 'user', retryable: false, title: 'The address and headers of the request are too large', fix: 'Send at most 64 KiB of address and headers together: shorten the filter, send fewer headers, or use a token that names fewer tenants.' },
  policy_refused: { status: 422, exit: 'denied', fault: 'user', retryable: false, title: 'Policy refuses what was asked for', fix: 'Change the fields listed under "errors" to allowed values.' },
  transition_not_allowed: { status: 422, exit: 'conflict', fault: 'user', retryable: false, title: 'The tenant cannot go from its state to the one asked for', fix: 'Go by one of the transitions listed under "errors".' },
  placement_immutable: { status: 422, exit: 'conflict', fault: 'user', retryable: false, title: 'A placed tenant keeps its placement and isolation mode', fix: 'Restore the fields listed under "errors"; a placed tenant keeps its mode, its region and the strategy of its services.' },
  change_not_available: { status: 422, exit: 'conflict', fault: 'user', retryable: false, title: 'This change cannot be made as it was asked for', fix: 'Do what each entry under "errors" says: keep what holds data, declare one operation at a time, or bring the tenant to a state in which the field can be changed.' },
  isolation_not_available: { status: 422, exit: 'usage', fault: 'user', retryable: false, title: 'This isolation mode or strategy is not offered', fix: 'Use one of the values listed under "errors".' },
  template_not_available: { status: 422, exit: 'usage', fault: 'user', retryable: false, title: 'The template does not give what the tenant needs of it', fix: 'Name a template and a version that exist; where it has no services, declare them in the tenant.' },
  rollout_not_possible: { status: 409, exit: 'conflict', fault: 'user', retryable: false, title: 'The roll-out cannot go this way from where it is', fix: 'List the roll-outs of the template. Wait for the one that has not ended, resume or cancel it; one that has ended is not turned again: start a new one.' },
  placement_impossible: { status: 422, exit: 'operationFailed', fault: 'user', retryable: false, title: 'No cell can take the tenant', fix: 'Widen the allowed regions, or ask the operator for room; "errors" says what removed each candidate.' },
  idempotency_key_reused: { status: 422, exit: 'usage', fault: 'user', retryable: false, title: 'The Idempotency-Key was used for another request', fix: 'Use a fresh key for a different request.' },
  schema_rejected: { status: 422, exit: 'operationFailed', fault: 'user', retryable: false, title: 'MongoDB refuses a declared collection, validator or index', fix: 'Correct the collection named in the message, or the documents that contradict it, and ask for the same operation again.' },
  precondition_required: { status: 428, exit: 'usage', fault: 'user', retryable: false, title: 'The request must say which revision it changes', fix: 'Send If-Match with the ETag you read, or If-None-Match: * to create.' },
  cancelled: { status: 409, exit: 'operationFailed', fault: 'user', retryable: true, title: 'The operation was cancelled', fix: 'Start it again when it is wanted.' },
  owned_by_another: { status: 409, exit: 'operationFailed', fault: 'system', retryable: false, title: 'Something that Tenure did not make stands where the tenant belongs', fix: 'Look at what the message names; remove or rename it if it is not needed, then ask for the same operation again.' },
  isolation_probe_failed: { status: 500, exit: 'operationFailed', fault: 'system', retryable: false, title: 'The tenant’s boundary did not hold when it was tried', fix: 'Do not open the tenant; compare its role and user with the message and report it.' },
  fenced: { status: 409, exit: 'conflict', fault: 'system', retryable: false, title: 'A later holder has taken over this operation', fix: 'Nothing is to be done: the later holder finishes it.' },
  internal: { status: 500, exit: 'operationFailed', fault: 'system', retryable: false, title: 'Something failed that should not have', fix: 'Report it with the requestId; the logs hold the cause.' },
  control_unavailable: { status: 503, exit: 'unavailable', fault: 'system', retryable: true, title: 'The control database cannot be reached', fix: 'Try again a little later. An HTTP answer says when in Retry-After.' },
  temporal_unavailable: { status: 503, exit: 'unavailable', fault: 'system', retryable: true, title: 'Temporal cannot be reached', fix: 'Try again a little later. An HTTP answer says when in Retry-After.' },
  cell_unavailable: { status: 503, exit: 'unavailable', fault: 'system', retryable: true, title: 'A cell cannot be reached', fix: 'Try again a little later; if it stays, the operator sees that the cell runs and is in the cells file of API and worker. An HTTP answer says when in Retry-After.' },
  cell_mismatch: { status: 503, exit: 'unavailable', fault: 'system', retryable: true, title: 'Another deployment answers at the address of a cell', fix: 'The operator corrects the address of the cell in the cells file of API and worker, and restarts them; nothing is done there before.' },
  clock_off: { status: 503, exit: 'unavailable', fault: 'system', retryable: true, title: 'The clocks of the plane differ', fix: 'Try again a little later; if it stays, the operator sees to it that the machines of API, workers and the control database keep the same time (NTP). An HTTP answer says when in Retry-After.' },
  policy_unavailable: { status: 503, exit: 'unavailable', fault: 'system', retryable: true, title: 'Policy cannot decide', fix: 'Try again a little later; the operator finds the cause in the logs. An HTTP answer says when in Retry-After.' },
  watch_unavailable: { status: 503, exit: 'unavailable', fault: 'system', retryable: true, title: 'As many watches are open as this process serves', fix: 'Try again a little later; if it stays, the operator raises TENURE_MAX_WATCHES or runs more API processes. An HTTP answer says when in Retry-After.' },
  keys_unavailable: { status: 503, exit: 'unavailable', fault: 'system', retryable: true, title: 'The key provider cannot wrap or unwrap', fix: 'Try again a little later; if it stays, the operator finds the missing key or credential named in the message. An HTTP answer says when in Retry-After.' },
} as const satisfies Record<string, ProblemType>;

export type ProblemCode = keyof typeof problems;
export const problemCodes = Object.keys(problems) as ProblemCode[];

export function isProblemCode(text: string): text is ProblemCode {
  return Object.hasOwn(problems, text);
}

/** Codes that were released and are no longer used. They are never given another meaning. */
export const retiredProblemCodes: readonly string[] = [];
