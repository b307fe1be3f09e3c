import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import { canonicalBytes, canonicalDigest, sha256 } from '../../../contracts/canonical-json.ts';
import { eventTypes } from '../../../contracts/event-types.ts';
import { ledgerEntrySchema, ledgerOutcomes } from '../../../contracts/ledger-entry.ts';
import { commitment, sealEntry } from '../../../store/ledger.ts';
import type { LedgerDraft } from '../../../store/ledger.ts';
import type { LedgerDocument } from '../../../store/documents.ts';
import { merged, optional } from '../domain/specs.ts';

const uid = fc.stringMatching(/^[0-7][0-9a-hjkmnp-tv-z]{25}$/);
/** Long enough not to be in an entry by chance. */
const person = fc
  .tuple(fc.stringMatching(/^[A-Z]{12}$/), fc.string({ unit: 'grapheme' }))
  .map(([mark, rest]) => `${mark}@${rest}`);
const digest = fc.string().map((text) => canonicalDigest(text));
const state = merged<NonNullable<LedgerDraft['next']>>(
  fc.record({ generation: fc.nat(), revision: fc.nat(), digest }),
  optional('lifecycle', fc.constantFrom('Draft', 'Active')),
);

/** Without fields named "__proto__": the contract's parser drops them, and no event has one. */
const eventData = fc
  .dictionary(fc.string(), fc.jsonValue())
  .filter((data) => !JSON.stringify(data).includes('"__proto__"'));

const drafts = merged<LedgerDraft>(
  fc.record({
    actor: merged(
      fc.record({ subject: person, roles: fc.array(fc.stringMatching(/^[a-z-]{1,10}$/), { maxLength: 3 }) }),
      optional('onBehalfOf', person),
    ),
    action: fc.constantFrom('tenant.create', 'tenant.activate.step'),
    target: merged<LedgerDraft['target']>(
      fc.record({ kind: fc.constant('Tenant') }),
      optional('name', fc.constant('acme')),
      optional('uid', uid),
    ),
    outcome: fc.constantFrom(...ledgerOutcomes),
    requestId: fc.uuid(),
    correlationId: fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
  }),
  optional('tenant', uid),
  optional('previous', state),
  optional('next', state),
  optional('operationId', uid),
  optional('fence', fc.integer({ min: 1, max: 1000 })),
  optional('reason', fc.constantFrom('policy_refused', 'tenant.residency')),
  optional(
    'policy',
    fc.record({
      bundle: digest,
      input: digest,
      decision: fc.constantFrom('allow', 'deny'),
      rules: fc.array(fc.constant('tenant.residency')),
    }),
  ),
  optional('event', fc.record({ type: fc.constantFrom(...eventTypes), data: eventData })),
);
const stamps = fc.record({
  id: uid,
  time: fc.date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true }),
  installation: fc.constant('tenure-test'),
});

const bytesOf = ({ bytes }: LedgerDocument): Buffer => Buffer.from(bytes.value());
const entryOf = (document: LedgerDocument) => ledgerEntrySchema.parse(JSON.parse(bytesOf(document).toString('utf8')));
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

describe('a sealed ledger entry', () => {
  it('is stored as canonical bytes that the contract accepts', () => {
    fc.assert(
      fc.property(drafts, stamps, (draft, stamp) => {
        const document = sealEntry(draft, stamp);
        assert.ok(canonicalBytes(entryOf(document)).equals(bytesOf(document)));
      }),
    );
  });

  it('contains everything in the draft except the person, and its time and installation', () => {
    fc.assert(
      fc.property(drafts, stamps, (draft, stamp) => {
        const { actor, ...entry } = entryOf(sealEntry(draft, stamp));
        const { actor: told, ...rest } = draft;
        assert.deepEqual(
          plain(entry),
          plain({ ...rest, v: 1, id: stamp.id, time: stamp.time.toISOString(), installation: stamp.installation }),
        );
        assert.deepEqual(actor.roles, told.roles);
        assert.equal(actor.onBehalfOf === undefined, told.onBehalfOf === undefined);
      }),
    );
  });

  it('does not contain the person’s name, neither in its bytes nor in its search fields', () => {
    fc.assert(
      fc.property(drafts, stamps, (draft, stamp) => {
        const document = sealEntry(draft, stamp);
        const { openings: _beside, ...searched } = { ...document, bytes: bytesOf(document).toString('utf8') };
        const seen = JSON.stringify(searched);
        for (const name of [draft.actor.subject, draft.actor.onBehalfOf])
          if (name !== undefined) assert.ok(!seen.includes(name.slice(0, 12)));
      }),
    );
  });

  it('has a commitment for each person, which only the right salt and value open', () => {
    fc.assert(
      fc.property(drafts, stamps, person, (draft, stamp, another) => {
        const document = sealEntry(draft, stamp);
        const { actor } = entryOf(document);
        const committed: Readonly<Record<string, string | undefined>> = {
          '/actor/subject': actor.subject,
          '/actor/onBehalfOf': actor.onBehalfOf,
        };
        const expected = [
          ['/actor/subject', draft.actor.subject],
          ...(draft.actor.onBehalfOf === undefined ? [] : [['/actor/onBehalfOf', draft.actor.onBehalfOf]]),
        ];
        assert.deepEqual(
          document.openings.map(({ pointer, value }) => [pointer, value]),
          expected,
        );
        for (const { pointer, salt, value } of document.openings) {
          assert.equal(commitment(salt, value), committed[pointer]);
          assert.notEqual(commitment(salt, another), committed[pointer]);
          assert.notEqual(commitment(`${salt}A`, value), committed[pointer]);
        }
      }),
    );
  });

  it('does not reveal that two entries are about one person: every commitment has its own salt', () => {
    fc.assert(
      fc.property(drafts, stamps, (draft, stamp) => {
        const openings = [sealEntry(draft, stamp), sealEntry(draft, stamp)].flatMap((document) => document.openings);
        const salts = openings.map(({ salt }) => salt);
        assert.equal(new Set(salts).size, salts.length);
        for (const salt of salts) assert.equal(Buffer.from(salt, 'base64url').length, 16);
      }),
    );
  });

  it('keeps its bytes and digest when the person is erased', () => {
    fc.assert(
      fc.property(drafts, stamps, (draft, stamp) => {
        const document = sealEntry(draft, stamp);
        const before = sha256(bytesOf(document));
        const erased: LedgerDocument = { ...document, openings: [] };
        assert.equal(sha256(bytesOf(erased)), before);
        assert.equal(sha256(canonicalBytes(entryOf(erased))), before);
      }),
    );
  });

  it('has search fields with exactly the values in its bytes', () => {
    fc.assert(
      fc.property(drafts, stamps, (draft, stamp) => {
        const document = sealEntry(draft, stamp);
        const { id, time, tenant, action, target, outcome, operationId, requestId, correlationId } = entryOf(document);
        const { bytes: _bytes, openings: _openings, ...searched } = document;
        assert.deepEqual(searched, {
          _id: id,
          tenant: tenant ?? null,
          action,
          target: `${target.kind === 'TenantTemplate' ? 'template' : target.kind.toLowerCase()}/${target.name ?? target.uid ?? ''}`,
          outcome,
          operationId: operationId ?? null,
          requestId,
          correlationId,
          time: new Date(time),
        });
      }),
    );
  });
});

describe('an entry that violates the contract', () => {
  const draft = fc.sample(drafts, 1)[0]!;
  const stamp = { id: '01k9v3y6m0n2p4q6r8s0t2v4wx', time: new Date(0), installation: 'tenure-test' };
  const refused: Readonly<Record<string, object>> = {
    'an unknown field': { password: 'x' },
    'an unknown field of the target': { target: { kind: 'Tenant', email: 'a@example.com' } },
    'an action without a verb': { action: 'tenant' },
    'an unknown outcome': { outcome: 'maybe' },
    'a fence of zero': { fence: 0 },
    'an event of an unknown type': { event: { type: 'tenant.exploded.v1', data: {} } },
    'event data that is not JSON': { event: { type: 'tenant.created.v1', data: { at: new Date(0) } } },
    'a reason in prose': { reason: 'It was refused.' },
    'half a surrogate pair': { correlationId: '\ud800' },
  };
  for (const [what, fields] of Object.entries(refused)) {
    it(`is not sealed: ${what}`, () => assert.throws(() => sealEntry({ ...draft, ...fields }, stamp)));
  }

  it('is not read: an unknown field in any place', () => {
    const entry = JSON.parse(
      bytesOf(
        sealEntry({ ...draft, next: { generation: 1, revision: 1, digest: canonicalDigest(1) } }, stamp),
      ).toString('utf8'),
    ) as Record<string, object>;
    ledgerEntrySchema.parse(entry);
    assert.ok(!ledgerEntrySchema.safeParse({ ...entry, extra: 1 }).success);
    for (const place of ['actor', 'target', 'next'])
      assert.ok(!ledgerEntrySchema.safeParse({ ...entry, [place]: { ...entry[place], extra: 1 } }).success, place);
  });
});
