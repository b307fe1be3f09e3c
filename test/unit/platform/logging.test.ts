import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { TenureError } from '../../../domain/tenure-error.ts';
import {
  currentLogContext,
  withLogContext,
  errorFields,
  formatLine,
  loggedFields,
  redact,
} from '../../../platform/logging.ts';

const now = new Date('2026-01-01T00:00:00.000Z');
const read = (line: string): Record<string, unknown> => JSON.parse(line) as Record<string, unknown>;

describe('a log line', () => {
  it('has only the listed fields, with their values unchanged', () => {
    const value = fc.oneof(fc.integer(), fc.boolean(), fc.stringMatching(/^[a-z ]{0,20}$/));
    fc.assert(
      fc.property(fc.dictionary(fc.oneof(fc.constantFrom<string>(...loggedFields), fc.string()), value), (fields) => {
        const listed = Object.entries(fields).filter(([name]) => (loggedFields as readonly string[]).includes(name));
        assert.deepEqual(read(formatLine('info', 'm', fields, now)), {
          time: '2026-01-01T00:00:00.000Z',
          level: 'info',
          message: 'm',
          ...Object.fromEntries(listed),
        });
      }),
    );
  });

  it('keeps its time, level and message, whatever its fields are', () => {
    const line = read(formatLine('warn', 'the message', { time: 'x', level: 'x', message: 'x' }, now));
    assert.deepEqual(line, { time: now.toISOString(), level: 'warn', message: 'the message' });
  });

  it('is one line, whatever its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (message, error) => {
        const line = formatLine('info', `${message}\r\n{"level":"error"}`, { error }, now);
        assert.ok(!/[\r\n]/.test(line));
        assert.equal(read(line)['message'], redact(`${message}\r\n{"level":"error"}`));
      }),
    );
  });
});

describe('a logged error', () => {
  it('has a code if it is a TenureError, otherwise a stack', () => {
    assert.deepEqual(errorFields(new TenureError('not_found', 'gone')), { error: 'gone', code: 'not_found' });
    const foreign = errorFields(new TypeError('odd'));
    assert.equal(foreign.error, 'odd');
    assert.match(String(foreign.stack), /TypeError: odd\n\s+at /);
  });

  it('names its cause', () =>
    assert.equal(errorFields(new Error('a', { cause: new RangeError('b') })).cause, 'RangeError: b'));

  it('shows nothing of a thrown object that is not an error', () => {
    assert.deepEqual(errorFields({ password: 'x' }), { error: 'a thrown value that is not an Error' });
    assert.deepEqual(errorFields(undefined), { error: 'a thrown value that is not an Error' });
  });
});

describe('the log context', () => {
  it('is valid in the work and its continuations, extends the outer one, and ends with the work', async () => {
    await withLogContext({ requestId: 'r', tenant: 'a' }, async () => {
      await withLogContext({ tenant: 'b', attempt: 2 }, async () => {
        await Promise.resolve();
        assert.deepEqual(currentLogContext(), { requestId: 'r', tenant: 'b', attempt: 2 });
      });
      assert.deepEqual(currentLogContext(), { requestId: 'r', tenant: 'a' });
    });
    assert.deepEqual(currentLogContext(), {});
  });
});

describe('a process’s log', () => {
  const at = (path: string) => JSON.stringify(new URL(`../../../platform/${path}`, import.meta.url).href);
  const script = `
    import { createLogger, withLogContext } from ${at('logging.ts')};
    const logger = createLogger({ service: 'api', level: 'info' });
    logger.debug('not severe enough');
    withLogContext({ requestId: 'r1', tenant: 't1' }, () => logger.warn('mongodb://u:hunter22@h failed', { code: 'internal', password: 'hunter22', error: 'Bearer hunter22' }));
    logger.error('last');
  `;

  it('goes to stderr, a JSON object per line, with the service and the ids of the work, without secrets', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
    });
    assert.deepEqual([status, stdout], [0, '']);
    const lines = stderr.trimEnd().split('\n').map(read);
    const time = 'written then';
    for (const line of lines) {
      assert.ok(Math.abs(Date.parse(String(line['time'])) - Date.now()) < 60_000);
      line['time'] = time;
    }
    assert.deepEqual(lines, [
      {
        time,
        level: 'warn',
        message: 'mongodb://[redacted]@h failed',
        service: 'api',
        requestId: 'r1',
        tenant: 't1',
        code: 'internal',
        error: 'Bearer [redacted]',
      },
      { time, level: 'error', message: 'last', service: 'api' },
    ]);
  });
});
