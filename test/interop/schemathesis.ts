import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { streams } from '../../contracts/streams.ts';
import { runCommand } from '../../tools/process/run-command.ts';
import type { Names } from './seeded-api.ts';

const document = fileURLToPath(new URL('../../contracts/generated/openapi.json', import.meta.url));

const hooks = fileURLToPath(new URL('schemathesis_hooks.py', import.meta.url));

export interface SchemathesisRun {
  /** The program. */
  readonly command: string;
  readonly server: string;
  readonly token: string;
  readonly names: Names;
  /** Some of `examples`, `coverage`, `fuzzing` and `stateful`. */
  readonly phases: readonly string[];
  /** Requests per route in `fuzzing`, sequences in `stateful`; while there is time, more rounds with others follow. */
  readonly maxExamples: number;
  /** Time budget of the run; it ends some seconds later. */
  readonly seconds: number;
  readonly seed: number;
}

export interface Verdict {
  readonly ok: boolean;
  /** Its output, for people. */
  readonly report: string;
}

/** When the time is up, it finishes what it has begun, and shrinks the requests that failed. */
const endsWithinSeconds = 600;

const list = (values: readonly (string | number)[]): string =>
  `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;

/** Half of the names in requests are of resources that exist. */
function dictionaries(names: Names): string[] {
  const all = Object.entries(names).flatMap(([tag, parameters]) =>
    Object.entries(parameters).map(([parameter, values]) => ({ tag, parameter, values })),
  );
  return [
    ...all.map(({ tag, parameter, values }) => `[dictionaries.${tag}-${parameter}]\nvalues = ${list(values)}`),
    ...all.map(
      ({ tag, parameter }) =>
        `[[operations]]\ninclude-tag = "${tag}"\nparameters = { "path.${parameter}" = { dictionary = "${tag}-${parameter}", probability = 0.5 } }`,
    ),
  ];
}

function configOf({ names, seed }: SchemathesisRun): string {
  return [
    `seed = ${seed}
hooks = ${JSON.stringify(hooks)}
request-timeout = 30.0
continue-on-failure = true

[cache]
enabled = false

[auth.openapi.bearer]
bearer = "\${TENURE_TOKEN}"

[checks]
# Whether valid input is accepted depends on what exists, and on rules that JSON Schema cannot express, such as no two
# services of one name. Each refusal must still be one that the route declares.
positive_data_acceptance.enabled = false
# A deleted tenant can be read and undeleted until its purge.
use_after_free.enabled = false
# Without If-Match the answer is 428 (RFC 6585).
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 431]
missing_required_header.expected-statuses = [400, 401, 403, 404, 422, 428]

# Requests that wait are tried, but wait only for a short time.
[dictionaries.waits]
values = ["wait=1", "respond-async, wait=0"]

[dictionaries.wait-seconds]
values = [0, 1]

# Most requests with If-Match apply to any revision, so that they change something.
[dictionaries.whatever]
values = ["*"]

[parameters]
"header.Prefer" = { dictionary = "waits", probability = 0.9 }
"header.If-Match" = { dictionary = "whatever", probability = 0.7 }
"query.timeoutSeconds" = { dictionary = "wait-seconds", probability = 0.9 }`,
    ...dictionaries(names),
    // It would wait for the end of a stream, which never comes; test/integration/api/watch.test.ts reads the streams.
    ...Object.keys(streams).map((id) => `[[operations]]\ninclude-operation-id = "${id}"\nenabled = false`),
  ].join('\n\n');
}

/** Runs Schemathesis: it generates requests from the OpenAPI document and checks the answers against it. */
export async function runSchemathesis(run: SchemathesisRun): Promise<Verdict> {
  const { command, server, token, phases, maxExamples, seconds } = run;
  // It stores its data in the folder in which it runs.
  const folder = mkdtempSync(join(tmpdir(), 'tenure-schemathesis-'));
  try {
    const config = join(folder, 'schemathesis.toml');
    writeFileSync(config, configOf(run));
    const { code, stdout, stderr } = await runCommand(
      command,
      [
        '--config-file',
        config,
        '--no-color',
        'run',
        '--phases',
        phases.join(','),
        '--max-examples',
        String(maxExamples),
        '--max-time',
        String(seconds),
        '--url',
        server,
        document,
      ],
      {
        cwd: folder,
        timeoutMs: (seconds + endsWithinSeconds) * 1000,
        environment: { ...process.env, TENURE_TOKEN: token },
      },
    );
    return { ok: code === 0, report: `${stdout}${stderr}` };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
