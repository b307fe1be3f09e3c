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
  it('matches the reference, which has exactly one section and one row for each code, and no others', () => {
    const sections = [...reference.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    const rows = [...reference.matchAll(/^\| \[(.+?)\]\(#(.+?)\) /gm)].map((match) => [match[1], match[2]]);
    assert.deepEqual(sections, problemCodes);
    assert.deepEqual(
      rows,
      problemCodes.map((code) => [code, code]),
    );
  });

  it('names codes in snake_case, so that they can be used unchanged as anchors and in URLs', () => {
    for (const code of problemCodes) assert.match(code, /^[a-z]+(_[a-z]+)*$/);
  });

  it('uses only HTTP statuses that exist and mean errors', () => {
    for (const [code, { status }] of entries)
      assert.ok(status >= 400 && STATUS_CODES[status] !== undefined, `${code}: ${status}`);
  });

  it('uses only exit codes that exist and do not mean success', () => {
    for (const [code, { exit }] of entries) {
      assert.ok(Object.hasOwn(exitCodes, exit), `${code}: ${exit}`);
      assert.notEqual(exitCodes[exit], 0, code);
    }
  });

  it('gives every exit code one meaning, below the codes that shells reserve', () => {
    // As in diff(1), 1 means a difference for `diff`, and every other failure of it is greater than 1.
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

  it('describes in words what each problem is and how to fix it', () => {
    for (const [code, { title, fix }] of entries) {
      assert.match(title, /^[A-Z].*[^.]$/, code);
      assert.match(fix, /^[A-Z].{10,}\.$/, code);
    }
  });

  it('uses 503 exactly for unavailability, which is retryable and the operator’s fault; 429 exits like it', () => {
    for (const [code, { status, exit, fault, retryable }] of entries) {
      const unavailable =
        code.endsWith('_unavailable') || ['clock_off', 'cell_mismatch', 'ledger_behind'].includes(code);
      assert.equal(status === 503, unavailable, code);
      assert.equal(exit === 'unavailable', unavailable || status === 429, code);
      if (unavailable) assert.deepEqual([fault, retryable], ['system', true], code);
    }
  });

  it('names every 5xx as the operator’s fault', () => {
    for (const [code, { status, fault }] of entries) if (status >= 500) assert.equal(fault, 'system', code);
  });

  it('contains only codes that can be the reason of a ledger entry', () => {
    for (const code of problemCodes) assert.equal(ledgerEntrySchema.shape.reason.parse(code), code);
  });
});
