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
  /** Of `examples`, `coverage`, `fuzzing` and `stateful`. */
  readonly phases: readonly string[];
  /** Requests of each route in `fuzzing`, sequences in `stateful`; they are repeated with others while there is time. */
  readonly maxExamples: number;
  /** Time budget of the run; it ends some seconds later. */
  readonly seconds: number;
  readonly seed: number;
}

export interface Verdict {
  readonly ok: boolean;
  /** What it said, for people. */
  readonly report: string;
}

/** What has begun when the time is up is brought to its end, and what failed is made smaller. */
const endsWithinSeconds = 600;

const list = (values: readonly (string | number)[]): string =>
  `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;

/** Half of the names that requests hold are of something that is there. */
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
# Whether what fits the schema is accepted depends on what is there, and on rules that JSON Schema cannot say (two services of one name);
# that each refusal is one that the route declares is checked all the same.
positive_data_acceptance.enabled = false
# A tenant that was deleted can still be read until its purge, and brought back.
use_after_free.enabled = false
# Without If-Match the answer is 428 (RFC 6585).
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 431]
missing_required_header.expected-statuses = [400, 401, 403, 404, 422, 428]

# Waiting is tried, not waited for.
[dictionaries.waits]
values = ["wait=1", "respond-async, wait=0"]

[dictionaries.wait-seconds]
values = [0, 1]

# Whatever stands is changed more often than nothing.
[dictionaries.whatever]
values = ["*"]

[parameters]
"header.Prefer" = { dictionary = "waits", probability = 0.9 }
"header.If-Match" = { dictionary = "whatever", probability = 0.7 }
"query.timeoutSeconds" = { dictionary = "wait-seconds", probability = 0.9 }`,
    ...dictionaries(names),
    // A stream does not end, which is what it would wait for; test/integration/api/watch.test.ts reads them.
    ...Object.keys(streams).map((id) => `[[operations]]\ninclude-operation-id = "${id}"\nenabled = false`),
  ].join('\n\n');
}

/** Has Schemathesis make requests of the OpenAPI document and hold the answers to it. */
export async function runSchemathesis(run: SchemathesisRun): Promise<Verdict> {
  const { command, server, token, phases, maxExamples, seconds } = run;
  // It keeps what it learns where it runs.
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
