import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApiClient } from '../../../client/api-client.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { Rollout, RolloutPreview } from '../../../contracts/rollout.ts';
import { runInMemory } from '../../harness/in-memory-cli.ts';
import type { CliRun, CliSetting } from '../../harness/in-memory-cli.ts';

const id = '01k9v3w0c9d8e7f6g5h4j3k2m8';
const uid = '01m7yzcrqvvjzzgg30pekssm21';
const none = { changing: 0, changed: 0, failed: 0, skipped: 0 };

function rollout(change: Partial<Rollout> = {}): Rollout {
  return {
    id,
    template: 'startup',
    version: 3,
    waves: [1, '100%'],
    maxFailures: 0,
    state: 'running',
    wave: 1,
    tenants: 4,
    counts: none,
    failures: [],
    workflowId: `rollout/${id}`,
    createTime: '2026-11-21T09:15:00.000Z',
    ...change,
  };
}

interface Sent {
  readonly route: string;
  readonly query?: unknown;
  readonly body?: unknown;
}

/** Runs a command. Each route gives its answers in order, and repeats the last one. */
async function run(
  argv: readonly string[],
  answers: Readonly<Record<string, readonly unknown[]>>,
  setting: CliSetting = {},
): Promise<CliRun & { readonly sent: readonly Sent[] }> {
  const sent: Sent[] = [];
  const asked = new Map<string, number>();
  const client = {
    server: '',
    async call(route: string, { signal, ...call }: { readonly signal?: AbortSignal } = {}) {
      await Promise.resolve();
      signal?.throwIfAborted();
      sent.push({ route, ...call });
      const given = answers[route] ?? [];
      const turn = asked.get(route) ?? 0;
      asked.set(route, turn + 1);
      return { status: 200, etag: undefined, body: given[Math.min(turn, given.length - 1)] };
    },
  };
  const result = await runInMemory(argv, {
    environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token' },
    createClient: () => client as unknown as ApiClient,
    ...setting,
  });
  return { ...result, sent };
}

const course = [
  rollout({ counts: { ...none, changing: 1 } }),
  rollout({ wave: 2, counts: { ...none, changed: 1, changing: 3 } }),
  rollout({ wave: 2, state: 'succeeded', counts: { ...none, changed: 4 } }),
];

test('a roll-out request contains what the command says, and nothing else', async () => {
  const bodyOf = async (...argv: readonly string[]) =>
    (await run(['roll-out', 'start', 'startup', ...argv], { startRollout: [rollout()] })).sent;
  const params = { name: 'startup' };
  assert.deepEqual(await bodyOf(), [{ route: 'startRollout', params, body: {} }]);
  assert.deepEqual(
    await bodyOf('--version', '2', '-l', 'ring=canary', '--wave', '1', '--wave', '10%', '--max-failures', '0'),
    [
      {
        route: 'startRollout',
        params,
        body: { version: 2, labelSelector: 'ring=canary', waves: [1, '10%'], maxFailures: 0 },
      },
    ],
  );
  for (const [argv, body] of [
    [['resume', id], { skipFailed: false }],
    [['resume', `roll-out/${id}`, '--skip-failed'], { skipFailed: true }],
    [['pause', id], undefined],
    [['cancel', id], undefined],
  ] as const) {
    const route = `${argv[0]}Rollout`;
    const { code, stdout, sent } = await run(['roll-out', ...argv], { [route]: [rollout({ state: 'paused' })] });
    assert.deepEqual(sent, [{ route, params: { id }, ...(body === undefined ? {} : { body }) }]);
    assert.deepEqual([code, stdout], [exitCodes.ok, `roll-out/${id} (startup@3) paused, 0 changed\n`]);
  }
});

test('a roll-out is followed to its end: one JSON line for each change, or one live line on a terminal', async () => {
  const argv = ['rollout', 'start', 'startup', '--wait'];
  const answers = { startRollout: [rollout()], getRollout: course };
  const plain = await run(argv, answers);
  assert.deepEqual(
    [plain.code, plain.stdout],
    [exitCodes.ok, `roll-out/${id} (startup@3) running, 0 changed\nroll-out/${id} (startup@3) succeeded, 4 changed\n`],
  );
  const told = plain.stderr
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.ok(told.every(({ time }) => !Number.isNaN(Date.parse(String(time)))));
  const common = { rollout: id, template: 'startup', version: 3, failed: 0, skipped: 0, tenants: 4 };
  const facts = told.map((line) => {
    const { time: _, ...rest } = line;
    return rest;
  });
  assert.deepEqual(facts, [
    { ...common, state: 'running', wave: 1, changing: 1, changed: 0 },
    { ...common, state: 'running', wave: 2, changing: 3, changed: 1 },
    { ...common, state: 'succeeded', wave: 2, changing: 0, changed: 4 },
  ]);
  const lines = [
    'startup@3  roll-out running  wave 1/2  0 changed, 1 changing, of 4',
    'startup@3  roll-out running  wave 2/2  1 changed, 3 changing, of 4',
    'startup@3  roll-out succeeded  wave 2/2  4 changed, of 4',
  ];
  const live = await run(argv, answers, {
    terminalColumns: 100,
    environment: { TENURE_SERVER: 'http://api:1', TENURE_TOKEN: 'token', NO_COLOR: '1' },
  });
  assert.equal(live.stderr, [...lines.map((line) => `\r\u001B[2K${line}`), '\r\u001B[2K'].join(''));
  const unsized = await run(argv, answers, { terminalColumns: 0 });
  assert.match(unsized.stderr, /0 changed, 1 changing, of 4/, 'a terminal of unknown width');
  const json = await run([...argv, '-o', 'json'], answers);
  assert.deepEqual([json.code, JSON.parse(json.stdout)], [exitCodes.ok, course[2]]);
});

test('when a paused roll-out is idle, the wait ends with 1, the failures and how to continue', async () => {
  const failures = [{ tenant: 'acme', code: 'schema_rejected', message: 'mongod refuses the validator' }];
  const paused = rollout({
    state: 'paused',
    reason: '2 tenants could not be changed; at most 0 may fail',
    counts: { ...none, changed: 1, failed: 2 },
    failures,
  });
  const getRollout = [rollout({ ...paused, counts: { ...paused.counts, changing: 1, changed: 0 } }), paused];
  for (const argv of [
    ['roll-out', 'resume', id, '--wait'],
    ['wait', `roll-out/${id}`],
  ]) {
    const { code, stdout, stderr } = await run(argv, { resumeRollout: [rollout()], getRollout });
    assert.deepEqual(
      [code, stdout.endsWith(`roll-out/${id} (startup@3) paused, 1 changed, 2 failed\n`)],
      [exitCodes.operationFailed, true],
    );
    assert.ok(
      stderr.endsWith(
        `error: roll-out/${id} of startup@3 is paused: 2 tenants could not be changed; at most 0 may fail\n  tenant/acme: schema_rejected: mongod refuses the validator\n  and 1 more\n` +
          `fix: correct the failures, then run: tenure roll-out resume ${id}; or skip the failed tenants: tenure roll-out resume ${id} --skip-failed\n`,
      ),
      stderr,
    );
  }
  assert.equal(
    (await run(['wait', `roll-out/${id}`], { getRollout: [rollout({ state: 'cancelled' })] })).code,
    exitCodes.operationFailed,
  );
});

test('Ctrl-C and the timeout stop waiting, and print how to resume and how to pause', async () => {
  const outlook = `roll-out/${id} keeps running; to resume waiting: tenure wait roll-out/${id}; to pause it: tenure roll-out pause ${id}\n`;
  const interruption = new AbortController();
  const getRollout = [rollout()];
  const pending = run(
    ['wait', `roll-out/${id}`],
    { getRollout: [...getRollout] },
    { interrupted: interruption.signal },
  );
  setImmediate(() => interruption.abort());
  const interrupted = await pending;
  assert.equal(interrupted.code, exitCodes.interrupted);
  assert.ok(interrupted.stderr.endsWith(`no longer waiting\n${outlook}`), interrupted.stderr);
  const late = await run(['wait', `roll-out/${id}`, '--timeout', '20ms'], { getRollout });
  assert.equal(late.code, exitCodes.waitTimeout);
  assert.ok(late.stderr.endsWith(`error: timed out after 20ms\n${outlook}`), late.stderr);
});

test('a preview of all pages groups tenants with the same changes, and shows why others are refused', async () => {
  const item = (
    name: string,
    version: number,
    changes: RolloutPreview['changes'],
    refused?: RolloutPreview['refused'],
  ): RolloutPreview => ({ tenant: { name, uid, version }, changes, ...(refused === undefined ? {} : { refused }) });
  const qps = [{ pointer: '/config/max_qps', before: 10, after: 20 }];
  const items = [
    item('acme', 2, qps),
    item('globex', 1, qps),
    item('hooli', 2, qps),
    item('own', 2, []),
    item('small', 2, qps, { code: 'policy_refused', message: 'too many tables' }),
  ];
  const template = { metadata: { name: 'startup', generation: 3 } };
  const answers = {
    getTemplate: [template],
    previewRollout: [{ items: items.slice(0, 2), nextPageToken: 'more' }, { items: items.slice(2) }],
  };
  const { code, stdout, sent } = await run(['roll-out', 'preview', 'startup', '-l', 'a=b'], answers);
  assert.equal(code, exitCodes.ok);
  assert.equal(
    stdout,
    'startup@3 would change 4 tenants, and 1 tenant cannot be changed.\n' +
      '\nstartup@2: acme, hooli\n  /config/max_qps\n  - 10\n  + 20\n' +
      '\nstartup@1: globex\n  /config/max_qps\n  - 10\n  + 20\n' +
      '\nstartup@2: own\n  only the version: the tenants override every changed value\n' +
      '\nCannot be changed:\n  TENANT   VERSION   CODE             WHY\n  small    2         policy_refused   too many tables\n',
  );
  const query = { version: 3, pageSize: 500, labelSelector: 'a=b' };
  assert.deepEqual(
    sent.map(({ query: asked }) => asked),
    [undefined, query, { ...query, pageToken: 'more' }],
  );
  const json = await run(['roll-out', 'preview', 'startup', '--version', '2', '-o', 'json'], answers);
  assert.deepEqual(JSON.parse(json.stdout), { items });
  assert.deepEqual(
    json.sent.map(({ route }) => route),
    ['previewRollout', 'previewRollout'],
  );
  const empty = await run(['roll-out', 'preview', 'startup'], { ...answers, previewRollout: [{ items: [] }] });
  assert.deepEqual(
    [empty.code, empty.stdout, empty.stderr],
    [exitCodes.ok, '', 'no tenant would change: all of them have startup@3\n'],
  );
});
