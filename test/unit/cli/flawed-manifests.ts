export const plan = (name: string, more = ''): string =>
  `apiVersion: tenure/v1\nkind: Plan\nmetadata:\n  name: ${name}\nspec:\n  isolationModes: [dedicated]\n  quotas:\n    tables: 10\n${more}`;
export const tenant = (spec: string): string =>
  `apiVersion: tenure/v1\nkind: Tenant\nmetadata:\n  name: acme\nspec:\n${spec}`;
export const services = '  services:\n    - name: shop\n      collections:\n        - name: orders\n';
export const bomb = [
  'a: &a [x, x, x, x, x, x, x, x, x, x]',
  ...['ba', 'cb', 'dc', 'ed', 'fe', 'gf'].map(
    ([name, of]) => `${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]`,
  ),
].join('\n');

export interface Flawed {
  readonly flaw: string;
  readonly text: string | Uint8Array;
  /** Complete lines of the report. */
  readonly says: readonly string[];
}

/** Each is refused with the position of its flaw. */
export const flawedManifests: readonly Flawed[] = [
  {
    flaw: 'an unclosed quote',
    text: 'kind: "Plan\nmetadata: 1\n',
    says: ['f.yaml:3:1: Missing closing "quote', '  fix: add the missing character, or quote the text'],
  },
  {
    flaw: 'an unclosed list',
    text: 'a: [1, 2\nb: 3\n',
    says: [
      'f.yaml:2:1: Flow sequence in block collection must be sufficiently indented and end with a ]',
      '  2 | b: 3',
      '    | ^',
    ],
  },
  {
    flaw: 'a tab as indentation',
    text: 'metadata:\n\tname: x\n',
    says: ['f.yaml:2:1: Tabs are not allowed as indentation', '  fix: indent with spaces'],
  },
  {
    flaw: 'a duplicate key',
    text: plan('a', 'kind: Plan\n'),
    says: [
      'f.yaml:9:1: this mapping already has this key',
      '  fix: remove one of the two, or write --- between two manifests',
    ],
  },
  {
    flaw: 'a key that is not text',
    text: '? [a]\n: 1\n',
    says: ['f.yaml:1:3: a key must be text', '  fix: use plain text as the key'],
  },
  {
    flaw: 'a tag',
    text: 'kind: !secret Plan\n',
    says: ['f.yaml:1:7: Unresolved tag: !secret', '  fix: remove the tag; manifests do not use tags'],
  },
  { flaw: 'nesting that is too deep', text: '['.repeat(20_000), says: ['  fix: nest less deeply'] },
  {
    flaw: 'an unknown field that resembles a known one',
    text: plan('a').replace('isolationModes', 'isolationMode'),
    says: [
      'f.yaml:6:3: unknown field "spec.isolationMode"',
      '    |   ^^^^^^^^^^^^^',
      '  fix: did you mean "isolationModes"?',
      'f.yaml:5:1: missing field "spec.isolationModes"',
    ],
  },
  {
    flaw: 'an unknown field that resembles no known one',
    text: plan('a', '  colour: red\n'),
    says: [
      'f.yaml:9:3: unknown field "spec.colour"',
      '  fix: remove it; known fields: displayName, isolationModes, allowedRegions, quotas, retention, encryption, price',
    ],
  },
  {
    flaw: 'an unknown field deep in lists',
    text: tenant(`  plan: p\n${services}          indices: []\n`),
    says: ['f.yaml:11:11: unknown field "spec.services[0].collections[0].indices"', '  fix: did you mean "indexes"?'],
  },
  {
    flaw: 'a number instead of text',
    text: plan('12'),
    says: [
      'f.yaml:4:9: metadata.name must be a string, but is 12',
      '  4 |   name: 12',
      '    |         ^^',
      '  fix: quote it: "12"',
    ],
  },
  {
    flaw: 'text instead of a list',
    text: tenant('  plan: p\n  services: shop\n'),
    says: ['f.yaml:7:13: spec.services must be a list, but is "shop"', '  fix: write a list: ["shop"]'],
  },
  {
    flaw: 'an empty value',
    text: tenant(`  plan:\n${services}`),
    says: ['f.yaml:6:3: spec.plan must be a string, but is empty', '  fix: give it a value, or remove it'],
  },
  {
    flaw: 'a missing field',
    text: tenant(services),
    says: ['f.yaml:5:1: missing field "spec.plan"', '  5 | spec:', '  fix: add plan, a string'],
  },
  {
    flaw: 'a missing field of an entry',
    text: tenant('  plan: p\n  services:\n    - {}\n'),
    says: ['f.yaml:8:7: missing field "spec.services[0].name"'],
  },
  {
    flaw: 'a missing apiVersion',
    text: plan('a').replace('apiVersion: tenure/v1\n', ''),
    says: ['f.yaml:1:1: missing field "apiVersion"', '  fix: add apiVersion: tenure/v1'],
  },
  {
    flaw: 'an unknown apiVersion',
    text: plan('a').replace('tenure/v1', 'tenure/v2'),
    says: ['f.yaml:1:13: apiVersion is "tenure/v2", which is not an allowed value', '  fix: use tenure/v1'],
  },
  {
    flaw: 'an unknown kind',
    text: 'apiVersion: tenure/v1\nkind: Tennant\n',
    says: [
      'f.yaml:2:7: kind is "Tennant", which is not an allowed value',
      '  fix: use one of Region, Plan, TenantTemplate, WebhookEndpoint, Tenant; did you mean "Tenant"?',
    ],
  },
  {
    flaw: 'a value outside an enumeration',
    text: tenant(`  plan: p\n  lifecycle: active\n${services}`),
    says: [
      'f.yaml:7:14: spec.lifecycle is "active", which is not an allowed value',
      '  fix: use one of Draft, Active, Suspended, Archived; did you mean "Active"?',
    ],
  },
  {
    flaw: 'a value outside a union of literals',
    text: tenant(`  plan: p\n${services}          indexes: [{ keys: [{ field: at, order: 3 }] }]\n`),
    says: ['  fix: use one of 1, -1, text, hashed, 2dsphere, 2d'],
  },
  {
    flaw: 'a number below its bound',
    text: plan('a').replace('10', '0'),
    says: ['f.yaml:8:13: spec.quotas.tables must be at least 1'],
  },
  {
    flaw: 'a broken rule over several fields',
    text: tenant(`  plan: p\n${services}    - name: shop\n      collections: [{ name: other }]\n`),
    says: ['f.yaml:7:3: spec.services must not name the service "shop" twice'],
  },
  {
    flaw: 'a list as the document',
    text: '- a\n- b\n',
    says: ['f.yaml:1:1: the manifest must be a mapping, but is a list'],
  },
  {
    flaw: 'text as the document',
    text: 'hello\n',
    says: ['f.yaml:1:1: the manifest must be a mapping, but is "hello"'],
  },
  {
    flaw: 'two manifests with the same name',
    text: `${plan('a')}---\n${plan('b')}---\n${plan('a')}`,
    says: ['f.yaml:22:9: plan/a is declared twice, first at f.yaml:4:9', '  fix: remove one of the two, or rename one'],
  },
  { flaw: 'an empty file', text: '', says: ['f.yaml:1:1: contains no manifest'] },
  { flaw: 'a file of comments', text: '# nothing\n---\n', says: ['f.yaml:1:1: contains no manifest'] },
  {
    flaw: 'a document of five megabytes',
    text: `${plan('a')}---\n${plan('b', `  displayName: "${'x'.repeat(5_000_000)}"\n`)}`,
    says: [
      'f.yaml:9:1: this manifest is larger than 4 MiB',
      '  fix: write each manifest as a separate document, with --- between them',
    ],
  },
  { flaw: 'bytes that are not UTF-8', text: new Uint8Array([0x61, 0xff]), says: ['f.yaml:1:1: is not UTF-8 text'] },
  {
    flaw: 'UTF-16',
    text: Buffer.from(`\uFEFF${plan('a')}`, 'utf16le'),
    says: ['f.yaml:1:1: is UTF-16 text', '  fix: save it as UTF-8'],
  },
  {
    flaw: 'UTF-16 without a byte order mark',
    text: Buffer.from(plan('a'), 'utf16le'),
    says: ['f.yaml:1:1: contains NUL bytes, like UTF-16 text without a byte order mark', '  fix: save it as UTF-8'],
  },
  {
    flaw: 'aliases that multiply',
    text: bomb,
    says: ['f.yaml:7:12: with the alias *f expanded, the document is longer than 4 MiB'],
  },
  {
    flaw: 'an integer that a number cannot represent',
    text: tenant(`  plan: p\n  config: { snowflake: 9007199254740993, kept: -9007199254740991 }\n${services}`),
    says: [
      'f.yaml:7:24: this integer cannot be stored exactly',
      '    |                        ^^^^^^^^^^^^^^^^',
      '  fix: put it in quotes, or use a value within ±9007199254740991',
    ],
  },
  {
    flaw: 'a negative and a hexadecimal integer that numbers cannot represent, in JSON',
    text: '{"a": [-9007199254740992],\n "b": 0x20000000000000}',
    says: ['f.yaml:1:8: this integer cannot be stored exactly', 'f.yaml:2:7: this integer cannot be stored exactly'],
  },
  {
    flaw: 'aliases that multiply one level down',
    text: `b: &b [${'x,'.repeat(40_000)}]\nc: [${'[*b],'.repeat(40_000)}]\n`,
    says: ['f.yaml:2:266: with the alias *b expanded, the document is longer than 4 MiB'],
  },
  {
    flaw: 'aliases that multiply in mappings of lists',
    text: `b: &b [${'x,'.repeat(40_000)}]\n${Array.from({ length: 60 }, (_, index) => `c${index}: { d: [*b] }\n`).join('')}`,
    says: ['f.yaml:53:12: with the alias *b expanded, the document is longer than 4 MiB'],
  },
  {
    flaw: 'an alias of the value that contains it',
    text: 'a: &a [*a]\n',
    says: ['f.yaml:1:8: there is no complete anchor &a before this alias'],
  },
  {
    flaw: 'an alias of an anchor that is set again around it',
    text: 'a: &a 1\nb: &a [*a]\n',
    says: ['f.yaml:2:8: there is no complete anchor &a before this alias'],
  },
  {
    flaw: 'an alias of nothing',
    text: 'a: *missing\n',
    says: ['f.yaml:1:4: there is no complete anchor &missing before this alias'],
  },
];
