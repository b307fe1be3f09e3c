import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { declaredTables } from '../../../domain/isolation.ts';
import { budgetRefusalShare, resolvePlacement } from '../../../domain/placement.ts';
import type { PlacementInput } from '../../../domain/placement.ts';
import { placementInputs } from './specs.ts';

type Region = PlacementInput['regions'][number];

/** The same rules, written a second time as plain conditions. */
function mayHold(input: PlacementInput, { name, spec: { jurisdiction, acceptsTenants } }: Region): boolean {
  const { residency } = input.spec;
  return (
    (residency?.allowedRegions ?? [name]).includes(name) &&
    (residency?.jurisdictions ?? [jurisdiction]).includes(jurisdiction) &&
    (input.plan.allowedRegions ?? [name]).includes(name) &&
    acceptsTenants
  );
}

function hasRoom(input: PlacementInput, cell: Region['spec']['cells'][number]): boolean {
  return (
    (input.cells.get(cell.name)?.tables ?? 0) + declaredTables(input.spec) <= cell.tableBudget * budgetRefusalShare
  );
}

function openCells(input: PlacementInput): { region: string; cell: string; share: number }[] {
  return input.regions
    .filter((region) => mayHold(input, region))
    .flatMap((region) =>
      region.spec.cells
        .filter((cell) => input.cells.get(cell.name)?.reachable === true && hasRoom(input, cell))
        .map((cell) => ({
          region: region.name,
          cell: cell.name,
          share: (input.cells.get(cell.name)?.tables ?? 0) / cell.tableBudget,
        })),
    );
}

/** Checks the placement of five hundred inputs. */
function always(check: (input: PlacementInput, result: ReturnType<typeof resolvePlacement>) => void): void {
  fc.assert(
    fc.property(placementInputs, (input) => check(input, resolvePlacement(input))),
    { numRuns: 500 },
  );
}

describe('placement', () => {
  it('is tested on inputs that can be placed and on inputs that cannot', () => {
    const outcomes = fc.sample(placementInputs, 300).map((input) => resolvePlacement(input).outcome);
    for (const outcome of ['placed', 'impossible'])
      assert.ok(outcomes.filter((one) => one === outcome).length > 30, outcome);
  });

  it('puts a tenant only where residency, plan, region, reachability and budget allow it', () => {
    always((input, result) => {
      if (result.outcome === 'impossible') return;
      const { region, cell } = result.choice;
      assert.ok(openCells(input).some((open) => open.region === region && open.cell === cell));
    });
  });

  it('is impossible exactly if no cell can accept the tenant', () => {
    always((input, result) => assert.equal(result.outcome === 'impossible', openCells(input).length === 0));
  });

  it('chooses the preferred region whenever one of its cells can accept the tenant', () => {
    always((input, result) => {
      const preferred = input.spec.placement?.preferredRegion;
      if (result.outcome === 'placed' && openCells(input).some(({ region }) => region === preferred))
        assert.equal(result.choice.region, preferred);
    });
  });

  it('otherwise chooses the first region by name, and in it the cell with the largest free share of its budget', () => {
    always((input, result) => {
      if (result.outcome === 'impossible') return;
      const open = openCells(input);
      const preferred = open.find(({ region }) => region === input.spec.placement?.preferredRegion);
      const region = preferred?.region ?? open.map((cell) => cell.region).toSorted()[0];
      const cells = open.filter((cell) => cell.region === region);
      const least = Math.min(...cells.map(({ share }) => share));
      const cell = cells
        .filter(({ share }) => share === least)
        .map((one) => one.cell)
        .toSorted()[0];
      assert.deepEqual(result.choice, { region, cell, mode: 'dedicated' });
    });
  });

  it('does not depend on the order of regions and cells', () => {
    const shuffled = placementInputs.chain((input) =>
      fc.tuple(
        fc.constant(input),
        fc.shuffledSubarray([...input.regions], { minLength: input.regions.length }).map((regions) => ({
          ...input,
          regions: regions.map((region) => ({
            ...region,
            spec: { ...region.spec, cells: region.spec.cells.toReversed() },
          })),
        })),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([input, other]) => {
        const [a, b] = [resolvePlacement(input), resolvePlacement(other)];
        assert.deepEqual({ ...a, candidates: [] }, { ...b, candidates: [] });
        assert.deepEqual(
          new Set(a.candidates.map((one) => JSON.stringify(one))),
          new Set(b.candidates.map((one) => JSON.stringify(one))),
        );
      }),
    );
  });

  it('does not change when an unreachable cell is removed', () => {
    always((input, result) => {
      for (const [name, { reachable }] of input.cells) {
        if (reachable) continue;
        const regions = input.regions.map((region) => ({
          ...region,
          spec: { ...region.spec, cells: region.spec.cells.filter((cell) => cell.name !== name) },
        }));
        const without = resolvePlacement({ ...input, regions });
        assert.equal(without.outcome, result.outcome);
        if (without.outcome === 'placed' && result.outcome === 'placed')
          assert.deepEqual(without.choice, result.choice);
      }
    });
  });

  it('explains every region and cell, with the rule that removed it if there is one', () => {
    always((input, { candidates }) => {
      const open = new Set(openCells(input).map(({ cell }) => cell));
      const explained = input.regions.flatMap((region): string[] =>
        mayHold(input, region)
          ? region.spec.cells.map((cell) => `${region.name} ${cell.name} ${open.has(cell.name)}`)
          : [`${region.name} undefined false`],
      );
      assert.deepEqual(
        candidates.map(({ region, cell, removedBy }) => `${region} ${cell} ${removedBy === undefined}`).toSorted(),
        explained.toSorted(),
      );
      for (const { removedBy } of candidates)
        if (removedBy !== undefined) assert.ok(removedBy.rule.length > 0 && removedBy.message.length > 0);
    });
  });

  it('reports that waiting may help exactly if a cell with room is excluded only because it is unreachable', () => {
    always((input, result) => {
      if (result.outcome === 'placed') return;
      const worthWaiting = input.regions
        .filter((region) => mayHold(input, region))
        .some((region) =>
          region.spec.cells.some((cell) => hasRoom(input, cell) && input.cells.get(cell.name)?.reachable !== true),
        );
      assert.equal(result.waitMayHelp, worthWaiting);
    });
  });

  it('fills a cell to four fifths of its budget and no further', () => {
    const at = (tables: number) =>
      resolvePlacement({
        spec: {
          plan: 'p',
          services: [{ name: 's', strategy: 'dedicated', collections: [{ name: 'c', indexes: [] }] }],
        },
        plan: { isolationModes: ['dedicated'], quotas: { tables: 10 } },
        regions: [
          { name: 'eu', spec: { jurisdiction: 'EU', cells: [{ name: 'a', tableBudget: 100 }], acceptsTenants: true } },
        ],
        cells: new Map([['a', { reachable: true, tables }]]),
      }).outcome;
    assert.equal(at(78), 'placed');
    assert.equal(at(79), 'impossible');
  });
});
