import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { errorFields, formatLine, loggedFields, redact } from '../../../platform/logging.ts';
import { TenureError } from '../../../domain/tenure-error.ts';
import { inText, secretForms } from './secrets.ts';
import type { Leak } from './secrets.ts';

const anyLeak = inText(fc.oneof(...Object.values(secretForms)));
const now = new Date('2026-01-01T00:00:00.000Z');

function assertHidden(line: string, { text, canaries }: Leak): void {
  for (const canary of canaries) assert.ok(!line.includes(canary), `${text} shows in ${line}`);
}

describe('redaction', () => {
  for (const [form, leaks] of Object.entries(secretForms)) {
    it(`hides ${form}`, () => {
      fc.assert(
        fc.property(inText(leaks), (leak) => assertHidden(redact(leak.text), leak)),
        { numRuns: 3000 },
      );
    });
  }

  it('hides every one of several secrets in one text', () => {
    fc.assert(
      fc.property(fc.array(anyLeak, { minLength: 2, maxLength: 4 }), (leaks) => {
        const redacted = redact(leaks.map(({ text }) => text).join(' and '));
        for (const leak of leaks) assertHidden(redacted, leak);
      }),
    );
  });

  it('hides a key that happens to have no digit', () => {
    const key = 'AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGhIjKlMnOpQ';
    assert.equal(key.length, 43);
    assert.equal(redact(`key ${key}=`), 'key [redacted key]');
  });

  it('does not change ordinary text: digests, ids, names of databases and workflows, addresses, times', () => {
    const hex = fc.stringMatching(/^[0-9a-f]{64}$/);
    const uid = fc.stringMatching(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/);
    const ordinary = fc.oneof(
      hex.map((digits) => `sha256:${digits}`),
      hex,
      uid,
      uid.map((id) => `tenant_${id}`),
      fc.tuple(uid, uid).map(([tenant, operation]) => `tenant/${tenant}/${operation}`),
      fc.uuid(),
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('2100-01-01') }).map((date) => date.toISOString()),
      fc.constantFrom(
        'mongodb://127.0.0.1:27017,127.0.0.1:27018/?replicaSet=control',
        'user@example.com',
        'E11000 duplicate key error',
        'TENURE_CONTROL_URI is not set',
        '/v1/tenants/acme:activate',
      ),
      fc.stringMatching(/^[a-z]{1,30}$/),
    );
    fc.assert(
      fc.property(fc.array(ordinary), (words) => {
        const text = words.join(' ');
        assert.equal(redact(text), text);
      }),
      { numRuns: 1000 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(fc.property(anyLeak, ({ text }) => assert.equal(redact(redact(text)), redact(text))));
  });

  it('takes at most linear time, whatever a caller causes to be logged', () => {
    // With quadratic time, these take half a minute.
    for (const part of ['a', 'eyJ-', 'eyJ', '://', 'a://:', 'A1a+', ':@/', 'Bearer ', 'AAAaaa']) {
      const started = performance.now();
      redact(part.repeat(100_000));
      assert.ok(performance.now() - started < 5000, part);
    }
  });
});

describe('a log line', () => {
  const field = fc.oneof(
    fc.constantFrom(...loggedFields),
    fc.constantFrom('password', 'message', 'config', 'time', 'level', 'toString', '__proto__'),
  );

  it('shows no secret, however deeply it is nested in the fields', () => {
    const nest = (inner: unknown, steps: readonly string[]): unknown =>
      steps.reduce<unknown>((value, step) => {
        if (step === 'list') return ['x', value];
        if (step === 'error') return Object.assign(new Error('an error'), { value });
        if (step === 'json') return { toJSON: () => value };
        if (step === 'map') return new Map([['a', value]]);
        return { [step]: value };
      }, inner);
    const steps = fc.array(fc.oneof(field, fc.constantFrom('list', 'error', 'json', 'map')), { maxLength: 4 });
    fc.assert(
      fc.property(
        anyLeak,
        anyLeak,
        fc.array(fc.tuple(field, steps), { maxLength: 3 }),
        (inMessage, inField, places) => {
          const fields = Object.fromEntries(places.map(([name, path]) => [name, nest(inField.text, path)]));
          const line = formatLine('info', inMessage.text, fields, now);
          // As it is written, and as a reader of the JSON sees it.
          for (const seen of [line, Object.values(JSON.parse(line) as object).join(' ')]) {
            assertHidden(seen, inMessage);
            assertHidden(seen, inField);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('shows no secret that an error carries, in its text, its stack, its cause or anywhere else', () => {
    fc.assert(
      fc.property(anyLeak, anyLeak, fc.boolean(), (inText1, inCause, ours) => {
        const cause = Object.assign(new Error(inCause.text), { command: { pwd: inCause.text } });
        const error = ours
          ? new TenureError('internal', inText1.text, { cause })
          : Object.assign(new Error(inText1.text, { cause }), { config: { uri: inText1.text } });
        const line = formatLine('error', 'it failed', errorFields(error), now);
        assertHidden(line, inText1);
        assertHidden(line, inCause);
        assertHidden(formatLine('error', 'it failed', errorFields(inText1.text), now), inText1);
      }),
    );
  });
});
