import type { RouteAnswer } from '../../contracts/routes.ts';
import type { Paint } from '../text/paint.ts';
import { renderFields, renderTable } from '../text/table.ts';
import type { Column } from '../text/table.ts';
import { placed } from './describe-tenant.ts';

type PlacementExplanation = RouteAnswer<'explainPlacementOfTenant'>;
type Candidate = PlacementExplanation['candidates'][number];

function columnsFor(chosen: PlacementExplanation['chosen']): readonly Column<Candidate>[] {
  const isChosen = ({ region, cell }: Candidate): boolean =>
    chosen !== undefined && region === chosen.region && cell === chosen.cell;
  return [
    { title: 'REGION', value: ({ region }) => region },
    { title: 'CELL', value: ({ cell }) => cell ?? '' },
    {
      title: 'VERDICT',
      value: (candidate) =>
        candidate.removedBy !== undefined ? 'removed' : isChosen(candidate) ? 'chosen' : 'possible',
      state: true,
    },
    { title: 'RULE', value: ({ removedBy }) => removedBy?.rule ?? '' },
    { title: 'WHY', value: ({ removedBy }) => removedBy?.message ?? '' },
  ];
}

/** The verdict of the placement resolver on every region and cell, as text. */
export function renderPlacementExplanation(
  { current, chosen, tables, candidates }: PlacementExplanation,
  paint: Paint,
): string {
  const fields = renderFields([
    ['Placed', current === undefined ? 'nowhere yet' : placed(current)],
    [
      'If placed now',
      chosen === undefined
        ? 'nowhere: every candidate was excluded'
        : `${chosen.mode} in ${chosen.region}, cell ${chosen.cell}`,
    ],
    ['Needs', `${tables} tables of the cell budget`],
  ]);
  return `${fields}\nCandidates:\n${candidates.length === 0 ? '  none, because there are no regions\n' : renderTable(columnsFor(chosen), candidates, paint, '  ')}`;
}
