import { stringify } from 'yaml';
import type { TenantDifference } from '../../contracts/tenant-revision.ts';
import type { Color, Paint } from '../text/paint.ts';
import { printable, printableLine } from '../text/printable.ts';

/** Each pointer with its old and its new value, as YAML after `-` and `+`. */
export function renderChanges(changes: TenantDifference['changes'], paint: Paint): string {
  return changes
    .map(
      ({ pointer, before, after }) =>
        `${printableLine(pointer)}\n${signed('red', '-', before, paint)}${signed('green', '+', after, paint)}`,
    )
    .join('');
}

function signed(color: Color, sign: string, value: unknown, paint: Paint): string {
  if (value === undefined) return '';
  const lines = printable(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false }))
    .trimEnd()
    .split('\n');
  return lines.map((line) => `${paint(color, `${sign} ${line}`)}\n`).join('');
}
