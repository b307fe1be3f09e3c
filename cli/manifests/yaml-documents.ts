import { parseAllDocuments } from 'yaml';
import type { Document, Range, YAMLError } from 'yaml';
import { findAliasFlaw, maxDocumentBytes, convertNumbers, findMergeFlaw, findUncertain } from './yaml-constructs.ts';
import { listEntries, splitDocuments } from './document-chunks.ts';
import type { ManifestFlaw, Source, Span } from './flaw.ts';
import { sourceAt, spanAt } from './flaw.ts';

/** A scalar that other YAML parsers read differently. */
export interface Uncertain {
  readonly path: readonly PropertyKey[];
  readonly span: Span;
  readonly message: string;
  readonly fix: string;
}

/** One YAML document of a source, or one entry of a list, as plain data that can be traced back to its source. */
export interface YamlDocument {
  readonly source: Source;
  readonly value: unknown;
  readonly uncertain: readonly Uncertain[];
  spanAt(path: readonly PropertyKey[], want?: 'value' | 'key'): Span;
  /** A scalar as written. */
  sourceAt(path: readonly PropertyKey[]): string | undefined;
}

export interface ParsedSource {
  readonly documents: readonly YamlDocument[];
  readonly flaws: readonly ManifestFlaw[];
}

export type YamlReader = (source: Source) => ParsedSource;

const fixes: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BLOCK_AS_IMPLICIT_KEY: 'indent all lines of a mapping equally, and quote text that contains ": "',
  MULTILINE_IMPLICIT_KEY: 'end the key with ":" on its own line, or quote the text',
  BAD_INDENT: 'indent all lines of a list or mapping equally, and close every [ and {',
  MISSING_CHAR: 'add the missing character, or quote the text',
  BAD_SCALAR_START: 'quote the text',
  UNEXPECTED_TOKEN: 'quote the text, or remove this',
  TAG_RESOLVE_FAILED: 'remove the tag; manifests do not use tags',
  NON_STRING_KEY: 'use plain text as the key',
  DUPLICATE_KEY: 'remove one of the two, or write --- between two manifests',
  RESOURCE_EXHAUSTION: 'nest less deeply',
};

/** Clearer messages than those of the parser. */
const messages: Partial<Record<YAMLError['code'], string>> = {
  DUPLICATE_KEY: 'this mapping already has this key',
  NON_STRING_KEY: 'a key must be text',
  RESOURCE_EXHAUSTION: 'is nested too deeply',
};

const parseOptions = {
  stringKeys: true,
  prettyErrors: false,
  intAsBigInt: true,
  merge: true,
  resolveKnownTags: false,
} as const;

/**
 * Parses the YAML 1.2 documents (JSON is YAML) of a source one by one. Each has a size limit, and only one syntax tree is kept at
 * a time. Aliases are limited before they are resolved, numbers are stored exactly or refused, merge keys are merged, empty
 * documents are skipped, and a list is replaced by its entries.
 */
export function createYamlReader(): YamlReader {
  let latest:
    { readonly source: Source; readonly start: number; readonly parsed: readonly Document.Parsed[] } | undefined;

  /** Parses the chunk again when a place in it is needed later. */
  function parsedAt(source: Source, { start, end }: Span): readonly Document.Parsed[] {
    if (latest?.source !== source || latest.start !== start)
      latest = {
        source,
        start,
        parsed: parseAllDocuments(source.text.slice(start, end), parseOptions) as Document.Parsed[],
      };
    return latest.parsed;
  }

  function* read(source: Source, chunk: Span): Generator<YamlDocument | ManifestFlaw> {
    if (Buffer.byteLength(source.text.slice(chunk.start, chunk.end)) > maxDocumentBytes) {
      const start = chunk.start + (/\S/.exec(source.text.slice(chunk.start, chunk.start + 1_000))?.index ?? 0);
      yield {
        source,
        span: { start, end: start + 1 },
        message: 'this manifest is larger than 4 MiB',
        fix: 'write each manifest as a separate document, with --- between them',
      };
      return;
    }
    const shifted = ({ start, end }: Span): Span => ({ start: start + chunk.start, end: end + chunk.start });
    for (const [index, document] of parsedAt(source, chunk).entries()) {
      const flaws = flawsOf(document);
      yield* flaws.map(({ span, ...rest }) => ({ source, span: shifted(span), ...rest }));
      if (flaws.length > 0) continue;
      // Limited above, exactly; the limit of the library would refuse an alias that is merely used often.
      const value: unknown = document.toJS({ maxAliasCount: -1 });
      if (value === null) continue;
      const found = (): Document.Parsed => parsedAt(source, chunk)[index] ?? document;
      const uncertain = findUncertain(document).map(({ node, ...rest }) => ({
        ...rest,
        span: shifted(spanOf(node.range)),
      }));
      yield* entriesOf({
        source,
        value,
        uncertain,
        spanAt: (path, want) => shifted(spanAt(found(), path, want)),
        sourceAt: (path) => sourceAt(found(), path),
      });
    }
  }

  return (source) => {
    const documents: YamlDocument[] = [];
    const flaws: ManifestFlaw[] = [];
    for (const chunk of splitDocuments(source.text)) {
      for (const part of listEntries(source.text, chunk) ?? [chunk]) {
        for (const found of read(source, part)) {
          if ('value' in found) documents.push(found);
          else flaws.push(found);
        }
      }
    }
    return { documents, flaws };
  };
}

const listFields = new Set(['apiVersion', 'kind', 'metadata', 'items']);

/** The entries of a list as `get -o json` and kubectl print it; otherwise the document itself. */
function* entriesOf(document: YamlDocument): Generator<YamlDocument | ManifestFlaw> {
  const { source, value, uncertain } = document;
  if (
    typeof value !== 'object' ||
    value === null ||
    !('items' in value) ||
    !Array.isArray(value.items) ||
    ('kind' in value && value.kind !== 'List')
  ) {
    yield document;
    return;
  }
  for (const field of Object.keys(value).filter((key) => !listFields.has(key))) {
    yield {
      source,
      span: document.spanAt([field], 'key'),
      message: `unknown field "${field}" of a list`,
      fix: 'keep only the items; if they are one page of several, fetch the other pages too',
    };
  }
  for (const [index, item] of (value.items as readonly unknown[]).entries()) {
    const at = ['items', index] as const;
    yield {
      source,
      value: item,
      uncertain: uncertain.flatMap(({ path, ...rest }) =>
        path[0] === 'items' && path[1] === index ? [{ path: path.slice(2), ...rest }] : [],
      ),
      spanAt: (path, want) => document.spanAt([...at, ...path], want),
      sourceAt: (path) => document.sourceAt([...at, ...path]),
    };
  }
}

type Flaw = Omit<ManifestFlaw, 'source'>;

function flawsOf(document: Document.Parsed): readonly Flaw[] {
  const errors = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const duplicates = errors.filter(({ code }) => code === 'DUPLICATE_KEY');
  // After the first syntax error, further errors of the parser are noise.
  const first = errors.find(({ code }) => code !== 'DUPLICATE_KEY');
  const reported = first === undefined ? duplicates : [first];
  const flaws = reported.map(({ code, message, pos }): Flaw => {
    const fix = fixes[code];
    return {
      span: { start: pos[0], end: pos[1] },
      message: messages[code] ?? message,
      ...(fix === undefined ? {} : { fix }),
    };
  });
  if (flaws.length > 0) return flaws;
  const { version } = document.directives.yaml;
  if (version !== '1.2')
    return [
      {
        span: { start: 0, end: 1 },
        message: `the directive says YAML ${version}, but manifests are YAML 1.2`,
        fix: 'remove the line that starts with %YAML',
      },
    ];
  const flaw = findAliasFlaw(document) ?? findMergeFlaw(document);
  if (flaw !== undefined) return [{ span: spanOf(flaw.node.range), message: flaw.message, fix: flaw.fix }];
  return convertNumbers(document).map(({ node, message, fix }) => ({ span: spanOf(node.range), message, fix }));
}

function spanOf(range: Range | null | undefined): Span {
  const [start = 0, end = 0] = range ?? [];
  return { start, end };
}
