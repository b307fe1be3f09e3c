import type { Operation } from '../../contracts/operation.ts';
import type { Output } from '../command-context.ts';
import { stateColor } from '../text/paint.ts';
import type { Paint } from '../text/paint.ts';
import { printableLine } from '../text/printable.ts';

/** The progress of something, in one line. */
export interface ProgressLine {
  readonly id: string;
  readonly text: string;
  /** The word of the text to colour. */
  readonly state: string;
  /** The same for programs. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/**
 * Shows progress: one line that is rewritten on a terminal, otherwise one JSON object per line for each change, with
 * its time.
 */
export interface Progress {
  show(line: ProgressLine): void;
  /** Clears the line. Call it before writing anything else. */
  clear(): void;
}

export function createProgress(output: Output, paint: Paint): Progress {
  const live = output.isTTY === true;
  const shownById = new Map<string, string>();
  let drawn = false;
  return {
    show({ id, text: unsafe, state, facts }) {
      if (!live) {
        const shown = JSON.stringify(facts);
        if (shownById.get(id) !== shown)
          output.write(`${JSON.stringify({ time: new Date().toISOString(), ...facts })}\n`);
        shownById.set(id, shown);
        return;
      }
      const text = printableLine(unsafe);
      const color = stateColor(state);
      const cut = Array.from(text)
        .slice(0, Math.max(20, (output.columns || 80) - 1))
        .join('');
      output.write(`\r\u001B[2K${color === undefined ? cut : cut.replace(state, () => paint(color, state))}`);
      drawn = true;
    },
    clear() {
      if (drawn) output.write('\r\u001B[2K');
      drawn = false;
    },
  };
}

export function operationProgress({
  id,
  tenant,
  kind,
  state,
  progress: { done, total },
  steps,
}: Operation): ProgressLine {
  const step =
    state === 'running'
      ? (steps.find((candidate) => candidate.state === 'intent') ??
        steps.find((candidate) => candidate.state === 'pending'))
      : undefined;
  return {
    id,
    text: `${tenant.name}  ${kind} ${state}  ${done}/${total}${step === undefined ? '' : `  ${step.title}`}`,
    state,
    facts: {
      operation: id,
      tenant: tenant.name,
      kind,
      state,
      done,
      total,
      ...(step === undefined ? {} : { step: step.key }),
    },
  };
}
