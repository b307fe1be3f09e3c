import type { ApiClient } from '../../client/api-client.ts';
import { ApiError, ApiUnreachable } from '../../client/api-error.ts';
import { readApiStatus } from '../../client/api-status.ts';
import type { ApiStatus } from '../../client/api-status.ts';
import { problemType } from '../problem-type.ts';
import { formatDurationMs } from '../text/duration.ts';
import { unreachableFix } from '../unreachable-fix.ts';
import { readVersion } from '../version.ts';
import { ok, problem, skipped, warning } from './finding.ts';
import type { Finding } from './finding.ts';

/** A token is refused that was issued, or ends, within this much of the difference between two clocks. */
const toleratedSkewMs = 5_000;
const soonMs = 10 * 60 * 1000;

/** What the API says of itself to anybody. @throws when `interrupted` */
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
  control: 'the operator sees that the control MongoDB runs and TENURE_CONTROL_URI of the API is right',
  temporal: 'the operator sees that Temporal runs and TENURE_TEMPORAL_ADDRESS of the API is right',
  policy: 'the operator sees that TENURE_POLICY_BUNDLE of the API names a compiled policy',
  clock: 'the operator sees that the machines of API, workers and control database keep the same time (NTP)',
  process: 'the API is being stopped; try again when another has taken over',
};

const cellFix =
  'the operator sees that the cell runs, and that its address in the cells file of API and workers is right';

function partFinding(part: string, state: string): Finding {
  // This machine's clock has a finding of its own.
  const named = part === 'clock' ? 'time' : part;
  if (state === 'ok') return ok(named, 'ready');
  const isCell = part.startsWith('cell ');
  if (isCell && state === 'away')
    return warning(named, 'no worker has reached it in the last half minute: what is to be done there waits', cellFix);
  return problem(
    named,
    'unavailable',
    state,
    partFixes[part] ?? (isCell ? cellFix : 'the operator finds the cause in the logs of the API'),
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
          'the API says that it is not ready',
          'the operator finds the cause in its logs',
        ),
      ];
}

function clockFinding({ clockAheadMs }: ApiStatus): Finding {
  if (clockAheadMs === undefined) return skipped('clock', 'the API does not say what time it is');
  const skewMs = Math.abs(clockAheadMs);
  // To a second it cannot be told.
  if (skewMs <= 1_000) return ok('clock', 'agrees with the server’s');
  const told = `the server’s is ${formatDurationMs(Math.round(skewMs / 1000) * 1000)} ${clockAheadMs > 0 ? 'ahead' : 'behind'}`;
  return skewMs <= toleratedSkewMs
    ? ok('clock', told)
    : warning(
        'clock',
        `${told}: times of tokens and of --at are judged by the server’s`,
        'synchronise the clocks of both machines (NTP)',
      );
}

function versionFinding({ version }: ApiStatus): Finding {
  const own = readVersion();
  if (version === undefined)
    return warning('version', `command ${own}; the server does not say its own`, 'upgrade the server');
  return version === own
    ? ok('version', own)
    : warning('version', `command ${own}, server ${version}`, `use the command of version ${version}`);
}

/** What the API makes of the token. */
export async function checkCaller(api: ApiClient): Promise<readonly Finding[]> {
  try {
    const { subject, roles, tenants, expireTime } = (await api.call('getCaller')).body;
    const leftMs = Date.parse(expireTime) - Date.now();
    const told = `${subject}, until ${expireTime} (for ${formatDurationMs(leftMs)})`;
    const confined =
      tenants === undefined ? '' : `, confined to ${tenants.length} tenant${tenants.length === 1 ? '' : 's'}`;
    return [
      leftMs < soonMs ? warning('caller', told, 'get a new token before it ends') : ok('caller', told),
      ok('roles', `${roles.join(', ')}${confined}; what they allow: tenure can-i --list`),
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
        'the roles of the token do not let it list tenants',
        'nothing, if it is for opening tenants only; else ask for another role',
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
