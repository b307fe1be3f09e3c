import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** What a room may import from. */
interface RoomRule {
  readonly imports: readonly string[];
  /** Rooms from which only types may be imported. */
  readonly typesOnly?: readonly string[];
  /** Single files in those rooms from which values may be imported too. */
  readonly values?: readonly string[];
  readonly remedy: string;
}

const wiring =
  'take what you need as a parameter of the factory and pass it in where the parts are wired, in workers/ or api/';

/** `contracts <- domain <- store <- engines <- activities <- workers`, and the rooms beside it. */
const productRules: Readonly<Record<string, RoomRule>> = {
  contracts: { imports: [], remedy: 'move what outsiders depend on into contracts/, or leave it out of the contract' },
  domain: { imports: ['contracts'], remedy: 'keep the rule pure: let the caller read and pass the values in' },
  platform: { imports: ['contracts', 'domain'], remedy: wiring },
  store: { imports: ['contracts', 'domain', 'platform'], remedy: wiring },
  engines: { imports: ['contracts', 'domain', 'store', 'platform'], remedy: wiring },
  activities: { imports: ['contracts', 'domain', 'store', 'engines', 'platform'], remedy: wiring },
  workflows: {
    imports: ['domain'],
    typesOnly: ['contracts', 'activities'],
    values: ['contracts/search-attributes.ts'],
    remedy: 'workflow code is replayed: do the work in an activity and import only its type (`import type`)',
  },
  workers: {
    imports: ['contracts', 'domain', 'store', 'engines', 'activities', 'workflows', 'platform'],
    remedy: 'move the shared part to the room below that both need',
  },
  client: { imports: ['contracts'], remedy: 'a client knows the API only by its contracts' },
  cli: { imports: ['contracts', 'client'], remedy: 'go through client/' },
  api: {
    imports: ['contracts', 'domain', 'store', 'engines', 'platform'],
    remedy: 'start workflows by their name, and take the rest from engines/',
  },
};

const product = Object.keys(productRules);

/** The same rules, and those of the rooms around the product. */
const roomRules: Readonly<Record<string, RoomRule>> = {
  ...productRules,
  tools: { imports: product, remedy: 'move code that runs tests to test/' },
  test: { imports: [...product, 'tools'], remedy: 'add the room to the table' },
  docs: { imports: ['client', 'contracts'], remedy: 'show only what users import' },
  examples: { imports: ['client', 'contracts'], remedy: 'show only what users import' },
};

/** Groups of tests from which no other group imports; shared parts are in `test/harness`. */
const closedTestGroups = new Set(['unit', 'integration']);

/** An import or re-export of another file. */
export interface ImportStatement {
  readonly line: number;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

export interface ImportViolation {
  readonly file: string;
  readonly line: number;
  /** The import, the rule, and the fix. */
  readonly message: string;
}

const statementPattern =
  /^[ \t]*(?:import|export)\s+(?<clause>(?:type\s+)?[\w$*\s{},]+?)\s+from\s+['"](?<from>[^'"]+)['"]|^[ \t]*import\s+['"](?<bare>[^'"]+)['"]|\bimport\(\s*['"](?<dynamic>[^'"]+)['"]\s*\)/gm;

/** The imports of a TypeScript source: static, re-exporting, for effect, and dynamic with a literal. */
export function readImports(source: string): ImportStatement[] {
  return [...withoutComments(source).matchAll(statementPattern)].map((match) => {
    const { clause, from, bare, dynamic } = match.groups ?? {};
    return {
      line: source.slice(0, match.index).split('\n').length + (/^\s*\n/.exec(match[0])?.length ?? 0),
      specifier: from ?? bare ?? dynamic ?? '',
      typeOnly: clause !== undefined && isTypeOnly(clause),
    };
  });
}

/** Every import of `file` (relative to the clone, with `/`) that violates the room table. */
export function findViolations(file: string, source: string): ImportViolation[] {
  const room = roomOf(file);
  const rule = roomRules[room];
  return readImports(source).flatMap(({ line, specifier, typeOnly }) => {
    if (rule === undefined || !specifier.startsWith('.')) return [];
    const path = posix.join(posix.dirname(file), specifier);
    const target = roomOf(path);
    if (
      room === 'test' &&
      target === 'test' &&
      closedTestGroups.has(groupOf(path)) &&
      groupOf(path) !== groupOf(file)
    ) {
      return [
        {
          file,
          line,
          message: `imports ${specifier}, but no other group may import from test/${groupOf(path)}/: move the shared part to test/harness/`,
        },
      ];
    }
    if (target === room || rule.imports.includes(target)) return [];
    if (rule.typesOnly?.includes(target) === true) {
      if (typeOnly || rule.values?.includes(path) === true) return [];
      return [
        {
          file,
          line,
          message: `imports a value from ${specifier}, but ${room}/ may import only types of ${target}/: ${rule.remedy}`,
        },
      ];
    }
    return [
      { file, line, message: `imports ${specifier}, but ${room}/ may import from ${allowed(rule)}: ${rule.remedy}` },
    ];
  });
}

/** Checks every source file of the clone; a folder that has sources but no rule is a violation too. */
export function checkImportDirections(clone: string): ImportViolation[] {
  const files = globSync('*/**/*.{ts,mts}', { cwd: clone, exclude: ['node_modules/**', 'build/**', '**/*.d.mts'] })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted();
  return files.flatMap((file) => {
    const room = roomOf(file);
    if (roomRules[room] === undefined) {
      return [
        {
          file,
          line: 1,
          message: `${room}/ is not in the room table: give it a rule in tools/checks/import-directions.ts`,
        },
      ];
    }
    return findViolations(file, readFileSync(join(clone, file), 'utf8'));
  });
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

/** `unit` of `test/unit/domain/course.test.ts`. */
function groupOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function allowed({ imports, typesOnly = [] }: RoomRule): string {
  const names = [...imports.map((name) => `${name}/`), ...typesOnly.map((name) => `${name}/ (types only)`)];
  return names.length === 0 ? 'no other room' : names.join(', ');
}

/** `import type …`, or a list in which every name is marked. */
function isTypeOnly(clause: string): boolean {
  if (/^type\s/.test(clause)) return true;
  const names = /^\{([^}]*)\}$/
    .exec(clause.trim())?.[1]
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return names !== undefined && names.length > 0 && names.every((name) => name.startsWith('type '));
}

/** Replaces comments with blanks, so that every line keeps its number. */
function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*$/gm, (comment) => comment.replaceAll(/[^\n]/g, ' '));
}
