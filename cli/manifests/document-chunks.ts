import type { Span } from './flaw.ts';

/**
 * A marker at the start of a line begins or ends a document, whatever scalar the line is in. Concatenated texts may contain
 * byte order marks.
 */
const markers = /(?<![^\n])(?:\uFEFF?---(?=[ \t\r\n]|$)|\.\.\.(?=[ \t\r\n]|$)[^\n]*\n?)/g;
const beforeDocument = /^\uFEFF?\s*(?:[#%].*)?$/;

/**
 * Splits a text into its YAML documents without parsing them, so that each can be parsed and limited separately. It splits
 * before each `---` and after each `...`; comments and directives stay with the document that follows them.
 */
export function* splitDocuments(text: string): Generator<Span> {
  let start = 0;
  for (const { 0: marker, index } of text.matchAll(markers)) {
    const isEnd = marker.startsWith('.');
    if (
      !isEnd &&
      text
        .slice(start, index)
        .split('\n')
        .every((line) => beforeDocument.test(line))
    )
      continue;
    const cut = isEnd ? index + marker.length : index;
    yield { start, end: cut };
    start = cut;
  }
  yield { start, end: text.length };
}

/**
 * The entries of a list as `get -o json` prints it, `{"items": […]}`, without parsing them. `undefined` for any other text.
 * Does not check that an entry is JSON.
 */
export function listEntries(text: string, { start, end }: Span): Span[] | undefined {
  const opening = /^\uFEFF?\s*\{\s*"items"\s*:\s*\[/.exec(text.slice(start, start + 1_000));
  if (opening === null) return undefined;
  const entries: Span[] = [];
  let entry = start + opening[0].length;
  let depth = 0;
  for (let at = entry; at < end; at += 1) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at, end);
    else if (character === '{' || character === '[') depth += 1;
    else if (depth > 0) depth -= character === '}' || character === ']' ? 1 : 0;
    else if (character === ',' || character === ']') {
      if (text.slice(entry, at).trim() !== '') entries.push({ start: entry, end: at });
      entry = at + 1;
      if (character === ']') return /^\s*\}\s*$/.test(text.slice(entry, end)) ? entries : undefined;
    }
  }
  return undefined;
}

/** The offset of the closing quote of a string. */
function endOfString(text: string, opening: number, end: number): number {
  for (let at = opening + 1; at < end; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at;
  }
  return end;
}
