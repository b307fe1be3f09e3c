import { styleText } from 'node:util';

export type Color = 'green' | 'yellow' | 'red';

/** Colours text for one output, or returns it unchanged. */
export type Paint = (color: Color, text: string) => string;

/** Colours only if `enabled`. */
export function createPaint(enabled: boolean): Paint {
  return (color, text) => (enabled ? styleText(color, text, { validateStream: false }) : text);
}

const stateColors: ReadonlyMap<string, Color> = new Map([
  ...['Active', 'True', 'succeeded', 'done', 'chosen'].map((word) => [word, 'green'] as const),
  ...['Suspended', 'accepted', 'running', 'paused', 'compensating', 'intent', 'Unknown'].map(
    (word) => [word, 'yellow'] as const,
  ),
  ...['Deleted', 'False', 'failed', 'cancelled', 'removed'].map((word) => [word, 'red'] as const),
]);

/** The colour of a lifecycle, condition, operation or step state. */
export function stateColor(state: string): Color | undefined {
  return stateColors.get(state);
}

/** Colours the state in the line `State` of rendered fields. */
export function paintState(fields: string, state: string, paint: Paint): string {
  const color = stateColor(state);
  return color === undefined
    ? fields
    : fields.replace(/^(State:\s+)(\S+)$/m, (_line, label: string) => `${label}${paint(color, state)}`);
}
