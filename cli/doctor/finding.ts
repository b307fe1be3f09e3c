import type { ExitCodeName } from '../../contracts/problem-type.ts';
import type { Paint } from '../text/paint.ts';
import { printableLine } from '../text/printable.ts';

/** The result of one check. Commands still work with a warning. Checks that depend on a problem are skipped. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'problem' | 'skipped';
  readonly found: string;
  readonly fix?: string;
  /** Only of a problem. */
  readonly exit?: ExitCodeName;
}

export function ok(check: string, found: string): Finding {
  return { check, status: 'ok', found };
}

export function warning(check: string, found: string, fix: string): Finding {
  return { check, status: 'warning', found, fix };
}

export function problem(check: string, exit: ExitCodeName, found: string, fix: string): Finding {
  return { check, status: 'problem', found, fix, exit };
}

export function skipped(check: string, because: string): Finding {
  return { check, status: 'skipped', found: because };
}

const colors = { ok: 'green', warning: 'yellow', problem: 'red', skipped: undefined } as const;

/** One line per check, with the fix below it. */
export function renderFinding({ status, check, found, fix }: Finding, paint: Paint): string {
  const color = colors[status];
  const word = status.padEnd(7);
  const head = `${color === undefined ? word : word.replace(status, () => paint(color, status))}  ${check.padEnd(9)}  ${printableLine(found)}\n`;
  return fix === undefined ? head : `${head}${' '.repeat(20)}fix: ${printableLine(fix)}\n`;
}
