import type { ProblemDetail } from '../contracts/problem-document.ts';
import { jsonPointer } from '../domain/json-pointer.ts';

const maxFlaws = 100;
/** What nests deeper is refused for that, whatever else it holds. */
const maxDepth = 64;

/** Digits without sign, point and zeros at either end, and the power of ten that they are to be multiplied with. */
function decimalOf(literal: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  return significant === ''
    ? '0'
    : `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/**
 * Whether a number is still the same when it has been read and is written again. Of fractions a number holds as much as a double does, as
 * everywhere in JSON; an integer has to be exact. One that is written as such must be within 2^53, for whoever reads it has to hold it too.
 */
function isKept(literal: string): boolean {
  const value = Number(literal);
  if (Number.isSafeInteger(value)) return true;
  if (/^-?\d+$/.test(literal)) return false;
  return !Number.isInteger(value) || decimalOf(literal) === decimalOf(String(value));
}

interface Container {
  /** Of an object, its names so far; an array has none. */
  readonly names: Set<string> | undefined;
  /** Where the next value belongs. */
  at: string | number;
}

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*|[{}[\],:]/g;

/** Most names are the same as written. What is no JSON is for the parser to say. */
function nameIn(token: string): string {
  if (!token.includes('\\')) return token.slice(1, -1);
  try {
    return JSON.parse(token) as string;
  } catch {
    return token;
  }
}

/**
 * What of a JSON text is lost when it is parsed: integers that a number cannot hold, and all but the last of several fields of one name.
 * It does not say whether the text is JSON. One pass, at most a hundred flaws.
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
          flaws.push({ pointer: pointer(), message: 'stands twice in one object', fix: 'Keep one of the two.' });
        inside.names.add(inside.at);
        break;
      default:
        if (!isKept(token))
          flaws.push({
            pointer: pointer(),
            message: `${token.slice(0, 40)} is beyond the integers that a number holds exactly, ±(2^53 - 1)`,
            fix: 'Write it in quotes, as a string.',
          });
    }
  }
  return flaws;
}
