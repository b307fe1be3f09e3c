import type { Operation } from '../../contracts/operation.ts';
import type { Output } from '../command-context.ts';
import { stateColor } from '../text/paint.ts';
import type { Paint } from '../text/paint.ts';
import { printableLine } from '../text/printable.ts';

/** How far something is, in one line. */
export interface ProgressLine {
  readonly id: string;
  readonly text: string;
  /** A word of the text, which is coloured. */
  readonly state: string;
}

/** Shows how things get on: one line rewritten on a terminal, else one line for each change. */
export interface Progress {
  show(line: ProgressLine): void;
  /** Wipes the line, before anything else is written. */
  clear(): void;
}

export function createProgress(output: Output, paint: Paint): Progress {
  const live = output.isTTY === true;
  const lastById = new Map<string, string>();
  let drawn = false;
  return {
    show({ id, text: unsafe, state }) {
      const text = printableLine(unsafe);
      if (!live) {
        if (lastById.get(id) !== text) output.write(`${text}\n`);
        lastById.set(id, text);
        return;
      }
      const color = stateColor(state);
      const cut = Array.from(text).slice(0, Math.max(20, (output.columns || 80) - 1)).join('');
      output.write(`\r\u001B[2K${color === undefined ? cut : cut.replace(state, () => paint(color, state))}`);
      drawn = true;
    },
    clear() {
      if (drawn) output.write('\r\u001B[2K');
      drawn = false;
    },
  };
}

export function operationProgress({ id, tenant, kind, state, progress, steps, done }: Operation): ProgressLine {
  const step = done ? undefined : (steps.find((candidate) => candidate.state === 'intent') ?? steps.find((candidate) => candidate.state === 'pending'));
  const title = state === 'running' && step !== undefined ? `  ${step.title}` : '';
  return { id, text: `${tenant.name}  ${kind} ${state}  ${progress.done}/${progress.total}${title}`, state };
}
