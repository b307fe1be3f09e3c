import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatAge, formatDurationMs, formatSpan, parseDurationMs } from '../../../cli/text/duration.ts';
import { nearest } from '../../../cli/text/wording.ts';

test('durations are read with their unit and refused without one', () => {
  const read = ['500ms', '90s', '1.5s', '2m', '1h', '0s'].map(parseDurationMs);
  assert.deepEqual(read, [500, 90_000, 1_500, 120_000, 3_600_000, 0]);
  for (const text of ['', '90', 's', '-1s', '1 s', '1m30s', '1e3s', '1d', 'Infinity'])
    assert.equal(parseDurationMs(text), undefined, text);
});

test('a duration is whole milliseconds, as a timer needs them', () => {
  assert.deepEqual(
    ['1.1h', '1.001s', '0.5ms', '0.4ms', '0.001s', '2.007m'].map(parseDurationMs),
    [3_960_000, 1_001, 1, 0, 1, 120_420],
  );
});

test('durations are written in at most two units', () => {
  const written = [0, 340, 12_345, 60_000, 200_000, 3_600_000, 5 * 3_600_000 + 600_000, 100 * 3_600_000].map(
    formatDurationMs,
  );
  assert.deepEqual(written, ['0ms', '340ms', '12.3s', '1m', '3m20s', '1h', '5h10m', '4d']);
});

test('an age is in whole seconds and never negative; a span may have no end yet', () => {
  const time = '2030-01-01T00:00:00.000Z';
  const at = Date.parse(time);
  assert.deepEqual(
    [formatAge(time, at + 5_900), formatAge(time, at + 10), formatAge(time, at - 5_000)],
    ['5s', '0s', '0s'],
  );
  assert.deepEqual(
    [
      formatSpan(undefined, undefined, at),
      formatSpan(time, undefined, at + 1_500),
      formatSpan(time, '2030-01-01T00:00:00.250Z', at),
    ],
    ['', '1.5s', '250ms'],
  );
});

test('the nearest word is offered only for a likely typing error', () => {
  const fields = ['displayName', 'plan', 'services', 'placement'];
  assert.deepEqual(
    ['plna', 'servces', 'DisplayName', 'service', 'colour', ''].map((word) => nearest(word, fields)),
    ['plan', 'services', 'displayName', 'services', undefined, undefined],
  );
});
