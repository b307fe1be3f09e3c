import { labelKeySchema } from '../contracts/manifests/metadata.ts';
import { TenureError } from './tenure-error.ts';

/** A requirement on the labels of a resource. `notIn` and `absent` also match a resource without the label. */
export type LabelRequirement =
  | { readonly key: string; readonly operator: 'in' | 'notIn'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'exists' | 'absent' };

/** Limits what one request can ask of the database. */
const maxRequirements = 20;
const maxValues = 32;

interface Token {
  readonly kind: 'word' | 'text' | 'symbol' | 'end';
  readonly value: string;
  /** Counted from 1. */
  readonly position: number;
}

const grammar =
  'Write requirements such as env=prod, env!=prod, env in (a,b), env notin (a,b), env or !env, with commas between them.';
const tokenPattern = /\s*(?:([\w./-]+)|("(?:[^"\\]|\\.)*")|(==|!=|[=!,()]))/y;

function refused(position: number, message: string, fix = grammar): TenureError {
  return new TenureError('request_invalid', `the label selector is not valid: position ${position}: ${message}`, {
    errors: [{ pointer: '/labelSelector', message: `position ${position}: ${message}`, fix }],
  });
}

function unquoted(text: string, position: number): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    throw refused(
      position,
      `${text} is not a JSON string`,
      'Inside quotes, write quotes and backslashes as \\" and \\\\.',
    );
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  for (let at = 0; at < end; at = tokenPattern.lastIndex) {
    tokenPattern.lastIndex = at;
    const match = tokenPattern.exec(text);
    const position = at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0) + 1;
    if (match === null) {
      const found = String.fromCodePoint(text.codePointAt(position - 1) ?? 0);
      throw refused(
        position,
        found === '"' ? 'the quote is not closed' : `unexpected ${JSON.stringify(found)}`,
        'Put a value in double quotes if it contains characters other than letters, digits, "-", "_", "." and "/".',
      );
    }
    const [, word, quoted, symbol] = match;
    if (word !== undefined) tokens.push({ kind: 'word', value: word, position });
    else if (quoted !== undefined) tokens.push({ kind: 'text', value: unquoted(quoted, position), position });
    else tokens.push({ kind: 'symbol', value: symbol ?? '', position });
  }
  return [...tokens, { kind: 'end', value: '', position: end + 1 }];
}

/**
 * Reads a label selector in the syntax of Kubernetes: `env=prod`, `env==prod`, `env!=prod`, `env in (a,b)`, `env notin
 * (a,b)`, `env` and `!env`, joined by commas. In addition, a value may be in double quotes, because labels here can
 * contain any text. An empty selector selects everything.
 * @throws TenureError request_invalid, with the position of the flaw
 */
export function parseLabelSelector(text: string): LabelRequirement[] {
  const tokens = tokensOf(text);
  let next = 0;
  const peek = (): Token => tokens[next] as Token;
  const take = (): Token => tokens[next++] as Token;
  const isSymbol = (...symbols: readonly string[]): boolean =>
    peek().kind === 'symbol' && symbols.includes(peek().value);
  const shown = ({ kind, value }: Token): string => (kind === 'end' ? 'the end' : JSON.stringify(value));

  function expectSymbol(symbol: string, after: string): void {
    if (!isSymbol(symbol)) throw refused(peek().position, `expected "${symbol}" ${after}, found ${shown(peek())}`);
    next += 1;
  }

  function readKey(): string {
    const token = take();
    if (token.kind !== 'word') throw refused(token.position, `expected a label key, found ${shown(token)}`);
    const { success, error } = labelKeySchema.safeParse(token.value);
    if (!success)
      throw refused(
        token.position,
        `${shown(token)} ${error.issues[0]?.message ?? 'is not a label key'}`,
        'Write the key as it is in metadata.labels.',
      );
    return token.value;
  }

  /** No value at all means the empty value, as in Kubernetes. */
  function readValue(): string {
    if (isSymbol(',', ')') || peek().kind === 'end') return '';
    const token = take();
    if (token.kind === 'symbol') throw refused(token.position, `expected a value, found ${shown(token)}`);
    return token.value;
  }

  function readValues(operator: string): string[] {
    expectSymbol('(', `after "${operator}"`);
    const opened = peek().position;
    const found = [readValue()];
    while (isSymbol(',')) {
      next += 1;
      found.push(readValue());
    }
    expectSymbol(')', 'after the values');
    if (found.length > maxValues)
      throw refused(opened, `there are more than ${maxValues} values`, `Use at most ${maxValues} values at a time.`);
    return [...new Set(found)];
  }

  function readRequirement(): LabelRequirement {
    if (isSymbol('!')) {
      next += 1;
      return { key: readKey(), operator: 'absent' };
    }
    const key = readKey();
    if (isSymbol(',') || peek().kind === 'end') return { key, operator: 'exists' };
    const operator = take();
    if (operator.kind === 'symbol' && (operator.value === '=' || operator.value === '=='))
      return { key, operator: 'in', values: [readValue()] };
    if (operator.kind === 'symbol' && operator.value === '!=') return { key, operator: 'notIn', values: [readValue()] };
    if (operator.kind === 'word' && operator.value === 'in') return { key, operator: 'in', values: readValues('in') };
    if (operator.kind === 'word' && operator.value === 'notin')
      return { key, operator: 'notIn', values: readValues('notin') };
    throw refused(operator.position, `expected an operator, found ${shown(operator)}`);
  }

  if (peek().kind === 'end') return [];
  const requirements = [readRequirement()];
  while (peek().kind !== 'end') {
    expectSymbol(',', 'between requirements');
    requirements.push(readRequirement());
  }
  if (requirements.length > maxRequirements)
    throw refused(
      1,
      `there are more than ${maxRequirements} requirements`,
      `Use at most ${maxRequirements} at a time.`,
    );
  return requirements;
}

/** Whether labels fulfil all requirements. */
export function matchesLabels(
  requirements: readonly LabelRequirement[],
  labels: Readonly<Record<string, string>>,
): boolean {
  return requirements.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    switch (requirement.operator) {
      case 'in':
        return value !== undefined && requirement.values.includes(value);
      case 'notIn':
        return value === undefined || !requirement.values.includes(value);
      case 'exists':
        return value !== undefined;
      case 'absent':
        return value === undefined;
    }
  });
}
