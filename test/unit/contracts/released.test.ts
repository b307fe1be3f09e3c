import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { canonicalBytes, sha256 } from '../../../contracts/canonical-json.ts';
import { ledgerEntrySchema } from '../../../contracts/ledger-entry.ts';
import { transitions } from '../../../contracts/lifecycle.ts';
import { problemCatalogueSchema } from '../../../contracts/problem-document.ts';
import type { ProblemMeaning } from '../../../contracts/problem-document.ts';
import { problemCodes, problems, retiredProblemCodes } from '../../../contracts/problems.ts';
import { transitionTableSchema } from '../../../contracts/transition-table.ts';
import { commitment } from '../../../store/ledger.ts';
import type { CommitmentOpening } from '../../../store/documents.ts';
import { contractDocuments, contractNames, jsonSchemaOf } from '../../../tools/generate/contract-schemas.ts';
import type { Contract } from '../../../tools/generate/contract-schemas.ts';

const released = fileURLToPath(new URL('../../../contracts/released', import.meta.url));
const files = globSync('*/*', { cwd: released }).toSorted();
const sidecar = /\.(read\.json|jcs\.sha256|openings\.json)$/;
const documents = files.filter((file) => file.endsWith('.json') && !sidecar.test(file));
const entries = files.filter((file) => file.endsWith('.jcs'));

const readJson = (file: string): unknown => JSON.parse(readFileSync(join(released, file), 'utf8'));

function contractOf(file: string): Contract {
  const name = contractNames.find((candidate) => candidate === basename(file).split('.')[0]);
  assert.ok(name !== undefined, `${file} belongs to no contract: the contract was renamed or removed`);
  return contractDocuments[name];
}

describe('today’s contracts read what was released:', () => {
  for (const file of documents) {
    it(file, () => {
      const contract = contractOf(file);
      const read = contract.schema.parse(readJson(file));
      const asReleased = file.replace(/json$/, 'read.json');
      const expected = readJson(files.includes(asReleased) ? asReleased : file);
      assert.partialDeepStrictEqual(read, expected);
      const hasDefaults = JSON.stringify(jsonSchemaOf(contract)).includes('"default":');
      if (!hasDefaults) assert.equal(canonicalBytes(read).toString('utf8'), canonicalBytes(expected).toString('utf8'));
    });
  }

  it('every contract has a document in the first release', () => {
    const first = [...documents, ...entries].filter((file) => dirname(file) === '1');
    const seen = new Set(first.map((file) => basename(file).split('.')[0] ?? ''));
    assert.deepEqual(seen, new Set(contractNames));
  });
});

describe('every transition that was allowed at a release is still allowed:', () => {
  for (const file of documents.filter((one) => basename(one) === 'transitions.json')) {
    for (const released of transitionTableSchema.parse(readJson(file)).transitions) {
      it(`${released.path} from ${released.from} to ${released.to}, as in ${file}`, () => {
        assert.ok(
          transitions.some(
            ({ path, from, to }) => path === released.path && from === released.from && to === released.to,
          ),
        );
      });
    }
  }
});

describe('a problem code that was released', () => {
  const catalogues = documents
    .filter((one) => basename(one) === 'problems.json')
    .map((file): [string, Record<string, ProblemMeaning>] => [
      file,
      problemCatalogueSchema.parse(readJson(file)).problems,
    ]);
  const known: ReadonlySet<string> = new Set(problemCodes);

  for (const [file, catalogue] of catalogues) {
    for (const [code, meaning] of Object.entries(catalogue)) {
      it(`${code} keeps its meaning or is retired, as in ${file}`, () => {
        assert.notEqual(
          known.has(code),
          retiredProblemCodes.includes(code),
          `${code} is either in use or retired, and stays so`,
        );
        const today = problemCodes.find((one) => one === code);
        if (today !== undefined) assert.partialDeepStrictEqual(problems[today], meaning);
      });
    }
  }

  it('is in a released catalogue, and so is every current or retired code', () => {
    const everReleased = new Set(catalogues.flatMap(([, catalogue]) => Object.keys(catalogue)));
    assert.deepEqual(
      [...problemCodes, ...retiredProblemCodes].filter((code) => !everReleased.has(code)),
      [],
      'add new codes to problems.json of the newest folder in contracts/released',
    );
  });
});

describe('a released ledger entry keeps its bytes, its digest and its commitments:', () => {
  for (const file of entries) {
    const bytes = readFileSync(join(released, file));
    const entry = ledgerEntrySchema.parse(JSON.parse(bytes.toString('utf8')));

    it(`${file} is still written byte for byte as at the release`, () =>
      assert.equal(canonicalBytes(entry).toString('hex'), bytes.toString('hex')));

    it(`${file} has the digest that is in the tree`, () => {
      assert.equal(`${sha256(bytes)}\n`, readFileSync(join(released, `${file}.sha256`), 'utf8'));
    });

    it(`${file} has the commitments that the salts and values beside it open`, () => {
      const openings = readJson(file.replace(/jcs$/, 'openings.json')) as CommitmentOpening[];
      assert.ok(openings.length > 0);
      for (const { pointer, salt, value } of openings) {
        const committed = pointer
          .split('/')
          .slice(1)
          .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], entry);
        assert.equal(commitment(salt, value), committed);
      }
    });
  }
});
