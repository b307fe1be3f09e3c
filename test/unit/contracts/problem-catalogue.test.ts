import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { describe, it } from 'node:test';
import { ledgerEntrySchema } from '../../../contracts/ledger-entry.ts';
import { problemCodes, problems } from '../../../contracts/problems.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { ProblemType } from '../../../contracts/problem-type.ts';

const reference = readFileSync(new URL('../../../docs/reference/problems.md', import.meta.url), 'utf8');
const entries: [string, ProblemType][] = Object.entries(problems);

describe('the problem catalogue', () => {
  it('is the reference: every code has exactly one section there and one row, and nothing else has', () => {
    const sections = [...reference.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    const rows = [...reference.matchAll(/^\| \[(.+?)\]\(#(.+?)\) /gm)].map((match) => [match[1], match[2]]);
    assert.deepEqual(sections, problemCodes);
    assert.deepEqual(
      rows,
      problemCodes.map((code) => [code, code]),
    );
  });

  it('names codes in snake_case, so that they are anchors and URL parts as they are', () => {
    for (const code of problemCodes) assert.match(code, /^[a-z]+(_[a-z]+)*$/);
  });

  it('uses only HTTP statuses that there are, and only for errors', () => {
    for (const [code, { status }] of entries)
      assert.ok(status >= 400 && STATUS_CODES[status] !== undefined, `${code}: ${status}`);
  });

  it('names only exit codes that there are, and none of them means success', () => {
    for (const [code, { exit }] of entries) {
      assert.ok(Object.hasOwn(exitCodes, exit), `${code}: ${exit}`);
      assert.notEqual(exitCodes[exit], 0, code);
    }
  });

  it('gives every exit code one meaning, below what a shell reserves', () => {
    // `diff` keeps to what diff(1) has made of 1, and ends with nothing else by it.
    const { differs, ...others } = exitCodes;
    assert.equal(differs, 1);
    const codes = Object.values(others);
    assert.equal(new Set(codes).size, codes.length);
    for (const [name, code] of Object.entries(exitCodes)) assert.ok(code === 128 + 2 || code < 126, name);
    assert.deepEqual(exitCodes, {
      ok: 0,
      operationFailed: 1,
      differs: 1,
      usage: 2,
      notFound: 3,
      conflict: 4,
      denied: 5,
      waitTimeout: 7,
      unavailable: 8,
      interrupted: 130,
    });
  });

  it('says of every problem in words what it is and how to mend it', () => {
    for (const [code, { title, fix }] of entries) {
      assert.match(title, /^[A-Z].*[^.]$/, code);
      assert.match(fix, /^[A-Z].{10,}\.$/, code);
    }
  });

  it('calls everything that is unavailable retryable, the operator’s fault and 503, and nothing else 503; who asks for too much waits as well', () => {
    for (const [code, { status, exit, fault, retryable }] of entries) {
      const unavailable = code.endsWith('_unavailable') || code === 'clock_off' || code === 'cell_mismatch';
      assert.equal(status === 503, unavailable, code);
      assert.equal(exit === 'unavailable', unavailable || status === 429, code);
      if (unavailable) assert.deepEqual([fault, retryable], ['system', true], code);
    }
  });

  it('blames the operator for every 5xx', () => {
    for (const [code, { status, fault }] of entries) if (status >= 500) assert.equal(fault, 'system', code);
  });

  it('can be named as the reason of a ledger entry, every code of it', () => {
    for (const code of problemCodes) assert.equal(ledgerEntrySchema.shape.reason.parse(code), code);
  });
});
