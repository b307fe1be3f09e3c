import { isAlias, isCollection, isPair, isScalar } from 'yaml';
import type { Alias, Document } from 'yaml';

/** The limit for one document with its aliases expanded. The API takes 1 MiB of JSON; indentation and ignored fields add to that. */
export const maxDocumentBytes = 4 * 1024 * 1024;

export interface AliasFlaw {
  readonly node: Alias;
  readonly message: string;
  readonly fix: string;
}

/**
 * Finds an alias that makes a document too long when every alias is expanded ("billion laughs"), or that has no anchor.
 * Takes one pass: the length of each anchor is counted once.
 */
export function findAliasFlaw(document: Document.Parsed): AliasFlaw | undefined {
  const lengths = new Map<string, number>();
  let lastAlias: Alias | undefined;
  let flaw: AliasFlaw | undefined;

  function lengthOf(node: unknown): number {
    if (flaw !== undefined) return 0;
    if (isAlias(node)) {
      const length = lengths.get(node.source);
      if (length === undefined)
        flaw = {
          node,
          message: `there is no complete anchor &${node.source} before this alias`,
          fix: 'write the value instead of the alias',
        };
      lastAlias = node;
      return length ?? 0;
    }
    if (isPair(node)) return lengthOf(node.key) + lengthOf(node.value);
    if (isScalar(node))
      return anchored(node.anchor, () => 1 + (node.range == null ? 0 : node.range[1] - node.range[0]));
    if (!isCollection(node)) return 0;
    return anchored(node.anchor, () => {
      let length = 1;
      for (const item of node.items) {
        length += lengthOf(item);
        // The alias may be at any depth below.
        if (length > maxDocumentBytes && lastAlias !== undefined) flaw ??= tooLong(lastAlias);
      }
      return length;
    });
  }

  function anchored(anchor: string | undefined, measure: () => number): number {
    // An anchor is not defined inside its own value.
    if (anchor !== undefined) lengths.delete(anchor);
    const length = measure();
    if (anchor !== undefined) lengths.set(anchor, length);
    return length;
  }

  lengthOf(document.contents);
  return flaw;
}

function tooLong(alias: Alias): AliasFlaw {
  return {
    node: alias,
    message: `with the alias *${alias.source} expanded, the document is longer than 4 MiB`,
    fix: 'use fewer aliases',
  };
}
