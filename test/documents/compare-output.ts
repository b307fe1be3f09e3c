/** A line without what differs between two runs of a command. The ids are kept, because later commands use them. */
interface PlainLine {
  readonly text: string;
  readonly ids: readonly string[];
}

export interface Comparison {
  readonly same: boolean;
  /** The ids of this run, by the ids in the document. */
  readonly ids: ReadonlyMap<string, string>;
  /** Both sides without what varies, for the report. */
  readonly shown: readonly string[];
  readonly printed: readonly string[];
}

export interface CompareOptions {
  /** Where the commands ran. The documents call it /home/me/tenure. */
  readonly project: string;
  readonly numbersVary: boolean;
}

/** ULIDs of the plane, and the UUIDs of requests. */
const id = /(?<![0-9a-z])(?:0[0-9a-hjkmnp-tv-z]{25}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?![0-9a-z])/g;
const anything = '…';
const documentedProject = '/home/me/tenure';
/** Lines about operations that run at the same time come in any order. */
const concurrent = /operation\/<id> \(\w[\w-]*\) \w+$/;

/** Removes what differs in each run: ids, times, durations, addresses, and the column widths that depend on them. */
function plainLine(line: string, { project, numbersVary }: CompareOptions): PlainLine {
  const text = line
    .replaceAll(project, '<project>')
    .replaceAll(documentedProject, '<project>')
    .replaceAll(id, '<id>')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>')
    .replaceAll(/\b\d+(\.\d+)? ?(ms|s|m|h|d)(\d+(s|m|h))?\b/g, '<duration>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replaceAll(/(\S) {2,}/g, '$1  ')
    .trimEnd();
  return { text: numbersVary ? text.replaceAll(/\d+(\.\d+)*/g, '<number>') : text, ids: line.match(id) ?? [] };
}

function settled(lines: readonly PlainLine[]): PlainLine[] {
  const result: PlainLine[] = [];
  for (let index = 0; index < lines.length;) {
    let end = index;
    while (end < lines.length && concurrent.test(lines[end]!.text)) end++;
    if (end > index)
      result.push(...lines.slice(index, end).toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0)));
    else result.push(lines[end++]!);
    index = end;
  }
  return result;
}

/**
 * Compares what a document shows with what was printed. In the document, a line `…` matches any number of lines, also
 * none; within a line, `…` matches any text.
 */
export function compareOutput(
  shownLines: readonly string[],
  printedLines: readonly string[],
  options: CompareOptions,
): Comparison {
  const withoutMargins = (lines: readonly string[]): string[] =>
    lines.join('\n').trim() === ''
      ? []
      : lines
          .join('\n')
          .replace(/^\n+|\s+$/g, '')
          .split('\n');
  const shown = settled(withoutMargins(shownLines).map((line) => plainLine(line, options)));
  const printed = settled(withoutMargins(printedLines).map((line) => plainLine(line, options)));
  const pairs = match(shown, printed);
  return {
    same: pairs !== undefined,
    ids: new Map(
      (pairs ?? []).flatMap(([left, right]) => left.ids.map((shownId, index) => [shownId, right.ids[index]!] as const)),
    ),
    shown: shown.map(({ text }) => text),
    printed: printed.map(({ text }) => text),
  };
}

function fits(shown: string, printed: string): boolean {
  const [first = '', ...parts] = shown.split(anything);
  const last = parts.pop();
  if (last === undefined) return shown === printed;
  let at = first.length;
  for (const part of parts) {
    const found = printed.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return printed.startsWith(first) && printed.endsWith(last) && printed.length - last.length >= at;
}

function match(shown: readonly PlainLine[], printed: readonly PlainLine[]): [PlainLine, PlainLine][] | undefined {
  const [first, ...rest] = shown;
  if (first === undefined) return printed.length === 0 ? [] : undefined;
  if (first.text.trim() === anything) {
    for (let skipped = 0; skipped <= printed.length; skipped++) {
      const found = match(rest, printed.slice(skipped));
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const [line, ...others] = printed;
  if (line === undefined || !fits(first.text, line.text)) return undefined;
  const found = match(rest, others);
  return found === undefined ? undefined : [[first, line], ...found];
}
