import type { ProblemDetail } from '../contracts/problem-document.ts';
import { jsonPointer } from '../domain/json-difference.ts';
import { maxDepth } from './json-bounds.ts';

const maxFlaws = 100;

/** The significant digits, without sign, point and outer zeros, and the power of ten. */
function decimalOf(literal: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === ''
    ? '0'
    : `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/**
 * Whether a number stays the same when it is parsed and written again. Fractions have the precision of a double, as
 * usual in JSON, but integers must be exact. A plain integer must be within 2^53, so that other readers can represent
 * it too.
 */
function isLossless(literal: string): boolean {
  const value = Number(literal);
  if (Number.isSafeInteger(value)) return true;
  if (/^-?\d+$/.test(literal)) return false;
  return !Number.isInteger(value) || decimalOf(literal) === decimalOf(String(value));
}

interface Container {
  /** The field names of an object so far; undefined for an array. */
  readonly names: Set<string> | undefined;
  /** Field name or index of the next value. */
  at: string | number;
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}[\],:]/g;

/** Most names need no decoding. Malformed JSON is left to the parser. */
function nameIn(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}

/**
 * What JSON.parse would lose: integers that a number cannot represent, and all but the last of several fields with the
 * same name. It does not check whether the text is valid JSON. One pass, at most a hundred flaws.
 */
export function lostInParsing(text: string): ProblemDetail[] {
  const flaws: ProblemDetail[] = [];
  const open: Container[] = [];
  let isName = false;
  const pointer = (): string => jsonPointer(open.map(({ at }) => at));
  for (const [token] of text.matchAll(tokens)) {
    if (flaws.length === maxFlaws || open.length > maxDepth) break;
    const inside = open.at(-1);
    switch (token[0]) {
      case '{':
        open.push({ names: new Set(), at: '' });
        isName = true;
        break;
      case '[':
        open.push({ names: undefined, at: 0 });
        isName = false;
        break;
      case '}':
      case ']':
        open.pop();
        isName = false;
        break;
      case ',':
        isName = inside?.names !== undefined;
        if (typeof inside?.at === 'number') inside.at += 1;
        break;
      case ':':
        isName = false;
        break;
      case '"':
        if (!isName || inside?.names === undefined) break;
        inside.at = nameIn(token);
        if (inside.names.has(inside.at))
          flaws.push({ pointer: pointer(), message: 'appears twice in one object', fix: 'Keep only one of the two.' });
        inside.names.add(inside.at);
        break;
      default:
        if (!isLossless(token))
          flaws.push({
            pointer: pointer(),
            message: `${token.slice(0, 40)} is outside the range of exact integers, ±(2^53 - 1)`,
            fix: 'Send it as a string, in quotes.',
          });
    }
  }
  return flaws;
}
