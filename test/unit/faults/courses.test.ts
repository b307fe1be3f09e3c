import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { operationKinds } from '../../../contracts/lifecycle.ts';
import { stepsOf } from '../../../domain/step-plan.ts';
import { courses } from '../../faults/courses.ts';
import { everyFault } from '../../faults/faults.ts';
import { failed, matrixDocument } from '../../faults/matrix-report.ts';

const clone = fileURLToPath(new URL('../../..', import.meta.url));
const stepPlaceholder = '${step}.';

/** Names of all failpoints in the product; those of steps begin with a placeholder. */
function failpointsInCode(): Set<string> {
  const sources = globSync('{activities,api,engines,store,workers}/**/*.ts', { cwd: clone }).map((path) =>
    readFileSync(join(clone, path), 'utf8'),
  );
  return new Set(
    sources.flatMap((source) =>
      [...source.matchAll(/failpoints\.reach\(['`]([^'`]+)['`]/g)].map(([, name]) => name ?? ''),
    ),
  );
}

const onCourses = new Set(courses.flatMap(({ writes }) => writes.flatMap(({ failpoints }) => failpoints)));

describe('the fault matrix', () => {
  it('covers every lifecycle path, forward and back', () => {
    for (const kind of operationKinds) {
      const ends = courses.filter(({ path }) => path === kind).map((course) => course.ends);
      assert.ok(ends.includes('succeeded') && ends.includes('cancelled'), kind);
    }
  });

  it('reaches every failpoint of the product, at every step', () => {
    const inCode = failpointsInCode();
    assert.ok(inCode.size > 0);
    const places = [...inCode]
      .filter((name) => name.startsWith(stepPlaceholder))
      .map((name) => name.slice(stepPlaceholder.length));
    // Not on lifecycle paths; other tests check what is left if a process dies there.
    const beside = ['verify.', 'scan.', 'sequence.'];
    const onPaths = [...inCode].filter((name) => ![stepPlaceholder, ...beside].some((start) => name.startsWith(start)));
    for (const name of onPaths) assert.ok(onCourses.has(name), name);
    const isOnlyOfCells = (place: string): boolean => place === 'after-intent' || place === 'after-undo-intent';
    for (const { key, scope, pivot } of operationKinds.flatMap(stepsOf)) {
      const isNeverUndone = pivot === true || stepsOf('purge').some((step) => step.key === key);
      for (const place of places) {
        if ((scope === 'control' && isOnlyOfCells(place)) || (isNeverUndone && place.includes('undo'))) continue;
        assert.ok(onCourses.has(`${key}.${place}`), `${key}.${place}`);
      }
    }
  });

  it('is committed as it was last run, with every durable write and no case that differs from its declaration', () => {
    const sections = new Map(
      readFileSync(join(clone, matrixDocument), 'utf8')
        .split('\n## ')
        .slice(1)
        .map((section) => [section.split('\n', 1)[0], section.split('\n').slice(2)]),
    );
    assert.deepEqual(
      [...sections.keys()],
      courses.map(({ name }) => name),
      'fix: npm run test:faults',
    );
    for (const { name, writes } of courses) {
      const [header = '', , ...rows] = (sections.get(name) ?? []).filter((line) => line.startsWith('|'));
      const cells = (row: string): string[] =>
        row
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim());
      assert.deepEqual(
        cells(header).slice(1),
        everyFault.map((fault) => fault.name),
        `${name}; fix: npm run test:faults`,
      );
      assert.deepEqual(
        rows.map((row) => cells(row)[0]),
        writes.map((write) => write.name),
        `${name}; fix: npm run test:faults`,
      );
      assert.ok(!rows.some((row) => row.includes(failed)), name);
      for (const [index, { failpoints }] of writes.entries()) {
        for (const cell of cells(rows[index] ?? '').slice(1))
          assert.equal(cell.length, failpoints.length, `${name}, ${rows[index]}`);
      }
    }
  });
});
