/** The names of request fields on the command line. */
const words: Readonly<Record<string, string>> = {
  labelSelector: '--selector',
  namePrefix: '--prefix',
  lifecycle: '--lifecycle',
  condition: '--condition',
  region: '--region',
  template: '--template',
  tenant: '--tenant',
  state: '--state',
  pageSize: '--limit',
  at: '--at',
  time: '--at',
  from: '--from',
  to: '--to',
  generation: '--to',
  version: '--version',
  waves: '--wave',
  maxFailures: '--max-failures',
  reason: '--reason',
  name: 'the name',
  id: 'the id',
  uid: 'the uid',
  against: 'the other tenant',
  plan: 'the plan',
  action: 'the verb',
};

/** The command-line name for a JSON pointer into a request. */
export function requestWord(pointer: string): string {
  const [first = '', ...rest] = pointer.split('/').slice(1);
  if (first === '') return 'the request';
  const word = Object.hasOwn(words, first) ? words[first] : undefined;
  return word ?? [first, ...rest].join('.');
}
