/** One line of a benchmark's table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with, measured in the same run. */
  readonly floor?: { readonly name: string; readonly value: number };
  readonly goal: Goal;
}

/** `ratio` is the value over its floor; `value` is the value itself; `none` is only reported. */
export type Goal =
  | { readonly of: 'ratio' | 'value'; readonly atMost: number }
  | { readonly of: 'ratio' | 'value'; readonly atLeast: number }
  | { readonly of: 'none' };

function ratioOf({ value, floor }: Figure): number | undefined {
  return floor === undefined ? undefined : value / floor.value;
}

/** Whether the goal is met; `undefined` for a figure without a goal. */
export function isMet(figure: Figure): boolean | undefined {
  const { goal } = figure;
  if (goal.of === 'none') return undefined;
  const held = goal.of === 'ratio' ? ratioOf(figure) : figure.value;
  if (held === undefined) throw new TypeError(`${figure.name} has a ratio as its goal, but no floor`);
  return 'atMost' in goal ? held <= goal.atMost : held >= goal.atLeast;
}

function rounded(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function goalText({ goal, unit }: Figure): string {
  if (goal.of === 'none') return '–';
  const [sign, bound] = 'atMost' in goal ? ['≤', goal.atMost] : ['≥', goal.atLeast];
  return `${sign} ${bound}${goal.of === 'ratio' ? 'x' : ` ${unit}`}`;
}

/** The figures as a Markdown table, and a line that counts the goals. */
export function report(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const ratio = ratioOf(figure);
    const met = isMet(figure);
    return [
      figure.name,
      `${rounded(figure.value)} ${figure.unit}`,
      figure.floor === undefined ? '–' : `${rounded(figure.floor.value)} ${figure.unit} (${figure.floor.name})`,
      ratio === undefined ? '–' : `${ratio.toFixed(2)}x`,
      `${goalText(figure)}${met === undefined ? '' : met ? ' ✓' : ' ✗'}`,
    ];
  });
  const head = ['figure', 'value', 'floor in the same run', 'ratio', 'goal'];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const verdicts = figures.map(isMet);
  return [
    line(head),
    line(widths.map((width) => '-'.repeat(width))),
    ...rows.map(line),
    '',
    `goals: ${verdicts.filter((met) => met === true).length} met, ${verdicts.filter((met) => met === false).length} missed`,
  ].join('\n');
}

/** The value at this share of the sorted values. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
