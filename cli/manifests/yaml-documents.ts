import { parseAllDocuments } from 'yaml';
import type { Document, Range, YAMLError } from 'yaml';
import { findAliasFlaw } from './alias-expansion.ts';
import { convertIntegers } from './exact-integers.ts';
import { wholeSource } from './flaw.ts';
import type { ManifestFlaw, Source, Span } from './flaw.ts';
import { spanAt } from './node-span.ts';

/** One YAML document of a source, as plain data, with a way back to where each part of it stands. */
export interface YamlDocument {
  readonly source: Source;
  readonly value: unknown;
  spanAt(path: readonly PropertyKey[], want?: 'value' | 'key'): Span;
}

export interface ParsedSource {
  readonly documents: readonly YamlDocument[];
  readonly flaws: readonly ManifestFlaw[];
}

const fixes: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BLOCK_AS_IMPLICIT_KEY: 'indent the lines of one mapping alike, and quote text that holds ": "',
  MULTILINE_IMPLICIT_KEY: 'end the key with ":" on its own line, or quote the text',
  BAD_INDENT: 'indent the lines of one list or mapping alike, and close every [ and {',
  MISSING_CHAR: 'add the missing character, or quote the text',
  BAD_SCALAR_START: 'quote the text',
  UNEXPECTED_TOKEN: 'quote the text, or remove what stands here',
  TAG_RESOLVE_FAILED: 'remove the tag; a manifest uses none',
  NON_STRING_KEY: 'use plain text as the key',
  DUPLICATE_KEY: 'remove one of the two, or write --- between two manifests',
  RESOURCE_EXHAUSTION: 'nest less deeply',
};

/** Where the parser's words would not help. */
const messages: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'this mapping has the key already',
  RESOURCE_EXHAUSTION: 'nests too deeply',
};

/** Reads a source's YAML 1.2 documents (JSON is YAML). Aliases are bounded before they are resolved, integers are kept exactly or refused, empty documents are left out. */
export function parseYaml(source: Source): ParsedSource {
  const documents: YamlDocument[] = [];
  const flaws: ManifestFlaw[] = [];
  for (const document of parseAllDocuments(source.text, { stringKeys: true, prettyErrors: false, intAsBigInt: true })) {
    const found = flawsOf(source, document);
    flaws.push(...found);
    if (found.length > 0) continue;
    // Bounded above, exactly; the library's own bound would refuse an alias that is merely used often.
    const value: unknown = document.toJS({ maxAliasCount: -1 });
    if (value !== null) documents.push({ source, value, spanAt: (path, want) => spanAt(document, path, want) });
  }
  if (documents.length === 0 && flaws.length === 0) flaws.push({ source, span: wholeSource, message: 'holds no manifest', fix: 'write at least one, or leave the file out' });
  return { documents, flaws };
}

function flawsOf(source: Source, document: Document.Parsed): ManifestFlaw[] {
  const errors = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const duplicates = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  // After the first error of syntax the parser has lost its way, and what it says further on is noise.
  const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  const told = first === undefined ? duplicates : [first];
  const flaws = told.map(({ code, message, pos }): ManifestFlaw => {
    const fix = fixes[code];
    return { source, span: { start: pos[0], end: pos[1] }, message: messages[code] ?? message, ...(fix === undefined ? {} : { fix }) };
  });
  if (flaws.length > 0) return flaws;
  const flaw = findAliasFlaw(document);
  if (flaw !== undefined) return [{ source, span: spanOf(flaw.alias.range), message: flaw.message, fix: flaw.fix }];
  return convertIntegers(document).map(({ range }) => ({ source, span: spanOf(range), message: 'this integer cannot be kept exactly', fix: `put it in quotes, or keep it between ±${Number.MAX_SAFE_INTEGER}` }));
}

function spanOf(range: Range | null | undefined): Span {
  const [start = 0, end = 0] = range ?? [];
  return { start, end };
}
