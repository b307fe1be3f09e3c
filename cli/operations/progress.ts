import type { Operation } from '../../contracts/operation.ts';
import type { Output } from '../command-context.ts';
import { stateColor } from '../text/paint.ts';
import type { Paint } from '../text/paint.ts';
import { printableLine } from '../text/printable.ts';

/** Shows how operations get on: one line rewritten on a terminal, else one line for each change. */
export interface Progress {
  show(operation: Operation): void;
  /** Wipes the line, before anything else is written. */
  clear(): void;
}

export function createProgress(output: Output, paint: Paint): Progress {
  const live = output.isTTY === true;
  const lastById = new Map<string, string>();
  let drawn = false;
  return {
    show(operation) {
      const { text, state } = progressLine(operation);
      if (!live) {
        if (lastById.get(operation.id) !== text) output.write(`${text}\n`);
        lastById.set(operation.id, text);
        return;
      }
      const color = stateColor(state);
      const cut = Array.from(text).slice(0, Math.max(20, (output.columns ?? 80) - 1)).join('');
      output.write(`\r\u001B[2K${color === undefined ? cut : cut.replace(state, () => paint(color, state))}`);
      drawn = true;
    },
    clear() {
      if (drawn) output.write('\r\u001B[2K');
      drawn = false;
    },
  };
}

function progressLine({ tenant, kind, state, progress, steps, done }: Operation): { readonly text: string; readonly state: string } {
  const step = done ? undefined : (steps.find((candidate) => candidate.state === 'intent') ?? steps.find((candidate) => candidate.state === 'pending'));
  const title = state === 'running' && step !== undefined ? `  ${step.title}` : '';
  return { text: printableLine(`${tenant.name}  ${kind} ${state}  ${progress.done}/${progress.total}${title}`), state };
}
