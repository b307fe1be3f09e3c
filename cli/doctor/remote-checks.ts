import type { ApiClient } from '../../client/api-client.ts';
import { ApiError, ApiUnreachable } from '../../client/api-error.ts';
import { readApiStatus } from '../../client/api-status.ts';
import type { ApiStatus } from '../../client/api-status.ts';
import { problemType } from '../problem-type.ts';
import { formatDurationMs } from '../text/duration.ts';
import { unreachableFix } from '../failure-report.ts';
import { readVersion } from '../version.ts';
import { ok, problem, skipped, warning } from './finding.ts';
import type { Finding } from './finding.ts';

/** The clock difference that the API tolerates when it checks the times in a token. */
const toleratedSkewMs = 5_000;
const expiresSoonMs = 10 * 60 * 1000;

/** What the API reports without authentication. @throws when `interrupted` */
export async function checkApi(server: string, interrupted: AbortSignal): Promise<readonly Finding[]> {
  let status: ApiStatus;
  try {
    status = await readApiStatus(server, interrupted);
  } catch (error) {
    if (!(error instanceof ApiUnreachable)) throw error;
    return [
      problem('reachable', 'unavailable', error.message, unreachableFix(error)),
      ...['ready', 'clock', 'version'].map((check) => skipped(check, 'the API does not answer')),
    ];
  }
  return [
    ok('reachable', `answered in ${formatDurationMs(status.tookMs)}`),
    ...readyFindings(status),
    clockFinding(status),
    versionFinding(status),
  ];
}

const partFixes: Readonly<Record<string, string>> = {
  control: 'ask the operator to check that the control MongoDB runs and that TENURE_CONTROL_URI of the API is correct',
  temporal: 'ask the operator to check that Temporal runs and that TENURE_TEMPORAL_ADDRESS of the API is correct',
  policy: 'ask the operator to check that TENURE_POLICY_BUNDLE of the API names a compiled policy',
  clock: 'ask the operator to synchronize the clocks of API, workers and control database (NTP)',
  process: 'the API is shutting down; try again when another one has taken over',
};

const cellFix =
  'ask the operator to check that the cell runs and that its address in the cells file of API and workers is correct';

function partFinding(part: string, state: string): Finding {
  // The clock of this machine has its own finding.
  const check = part === 'clock' ? 'time' : part;
  if (state === 'ok') return ok(check, 'ready');
  const isCell = part.startsWith('cell ');
  if (isCell && state === 'away')
    return warning(check, 'no worker has reached it in the last 30 seconds; operations on this cell wait', cellFix);
  return problem(
    check,
    'unavailable',
    state,
    partFixes[part] ?? (isCell ? cellFix : 'ask the operator to look for the cause in the logs of the API'),
  );
}

function readyFindings({ ready, checks }: ApiStatus): Finding[] {
  const parts = Object.entries(checks).map(([part, state]) => partFinding(part, state));
  return ready || parts.some(({ status }) => status === 'problem')
    ? parts
    : [
        ...parts,
        problem(
          'ready',
          'unavailable',
          'the API reports that it is not ready',
          'ask the operator to look for the cause in its logs',
        ),
      ];
}

function clockFinding({ clockAheadMs }: ApiStatus): Finding {
  if (clockAheadMs === undefined) return skipped('clock', 'the API does not report its time');
  const skewMs = Math.abs(clockAheadMs);
  // The time in the answer is precise only to a second.
  if (skewMs <= 1_000) return ok('clock', 'agrees with the server');
  const found = `the server is ${formatDurationMs(Math.round(skewMs / 1000) * 1000)} ${clockAheadMs > 0 ? 'ahead' : 'behind'}`;
  return skewMs <= toleratedSkewMs
    ? ok('clock', found)
    : warning(
        'clock',
        `${found}; times in tokens and in --at are checked against the clock of the server`,
        'synchronize the clocks of both machines (NTP)',
      );
}

function versionFinding({ version }: ApiStatus): Finding {
  const own = readVersion();
  if (version === undefined)
    return warning('version', `command ${own}; the server does not report its version`, 'upgrade the server');
  return version === own
    ? ok('version', own)
    : warning('version', `command ${own}, server ${version}`, `use the command of version ${version}`);
}

/** How the API sees the token. */
export async function checkCaller(api: ApiClient): Promise<readonly Finding[]> {
  try {
    const { subject, roles, tenants, expireTime } = (await api.call('getCaller')).body;
    const leftMs = Date.parse(expireTime) - Date.now();
    const found = `${subject}, until ${expireTime} (for ${formatDurationMs(leftMs)})`;
    const confined =
      tenants === undefined ? '' : `, limited to ${tenants.length} tenant${tenants.length === 1 ? '' : 's'}`;
    return [
      leftMs < expiresSoonMs ? warning('caller', found, 'get a new token before it expires') : ok('caller', found),
      ok('roles', `${roles.join(', ')}${confined}; to see what they allow: tenure can-i --list`),
      await listFinding(api),
    ];
  } catch (error) {
    return [
      fromApi('caller', error),
      skipped('roles', 'the caller is not known'),
      skipped('list', 'the caller is not known'),
    ];
  }
}

async function listFinding(api: ApiClient): Promise<Finding> {
  try {
    await api.call('listTenants', { query: { pageSize: 1 } });
    return ok('list', 'tenants can be listed');
  } catch (error) {
    if (error instanceof ApiError && error.code === 'forbidden')
      return warning(
        'list',
        'the roles of the token do not allow listing tenants',
        'no action needed if the token is only for opening tenants; otherwise request another role',
      );
    return fromApi('list', error);
  }
}

function fromApi(check: string, error: unknown): Finding {
  if (error instanceof ApiUnreachable) return problem(check, 'unavailable', error.message, unreachableFix(error));
  if (!(error instanceof ApiError)) throw error;
  const { title, detail, errors, fix } = { ...error.problem, ...problemType(error.code) };
  const rules = (errors ?? [])
    .map(({ message, allowed }) => ` ${message}${allowed === undefined ? '' : ` Allowed: ${allowed.join(', ')}.`}`)
    .join('');
  return problem(check, problemType(error.code).exit, `${title}: ${detail}.${rules}`, fix);
}
