import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TenureError } from '../../../domain/tenure-error.ts';
import type { IdempotencyDocument, StoredAnswer } from '../../../store/kept-answers.ts';
import type { IdempotentRequest } from '../../../store/idempotency.ts';
import type { Store } from '../../../store/store.ts';
import { attachToStack } from '../../../tools/stack/attach.ts';
import { anyEntry, openControlStore } from '../../harness/control-store.ts';
import type { ControlStore } from '../../harness/control-store.ts';

let opened: ControlStore;
before(async () => {
  opened = await openControlStore(attachToStack());
});
after(() => opened.close());

const request = (key: string, claim: string, change: Partial<IdempotentRequest> = {}): IdempotentRequest => ({
  principal: 'alice@example.com',
  key,
  fingerprint: 'sha256:a',
  claim,
  ...change,
});
const answer: StoredAnswer = { status: 201, headers: { etag: '"1"' }, body: '{"kept":"byte for byte"}' };
const keep = (store: Store, held: IdempotentRequest, kept = answer) =>
  store.commit(async (tx) => ({
    result: await store.idempotency.keep(tx, held, kept),
    entries: [anyEntry(store.newId())],
  }));
/** As if the process that holds the key had died long ago. */
const expireClaim = (key: string) =>
  opened.control
    .db(opened.databases.control)
    .collection<IdempotencyDocument>('idempotency')
    .updateOne({ '_id.key': key }, { $set: { claimUntil: new Date(Date.now() - 1) } });

test('of 16 concurrent claims of one key by different processes, exactly one succeeds', async () => {
  for (let round = 0; round < 5; round += 1) {
    const stores = Array.from({ length: 16 }, () => opened.another());
    const claims = await Promise.allSettled(
      stores.map((store, index) => store.idempotency.claim(request(`raced-${round}`, `claim-${index}`))),
    );
    assert.equal(claims.filter((claim) => claim.status === 'fulfilled').length, 1);
    for (const claim of claims)
      if (claim.status === 'rejected') assert.equal((claim.reason as TenureError).code, 'idempotency_in_progress');
  }
});

test('of 16 concurrent claims of a key left by a dead request, exactly one succeeds', async () => {
  await opened.store.idempotency.claim(request('left', 'dead'));
  await expireClaim('left');
  const claims = await Promise.allSettled(
    Array.from({ length: 16 }, (_, index) => opened.store.idempotency.claim(request('left', `claim-${index}`))),
  );
  assert.equal(claims.filter((claim) => claim.status === 'fulfilled').length, 1);
});

test('a stored answer is returned unchanged to every claim with the same request', async () => {
  const held = request('settled', 'first');
  assert.equal(await opened.store.idempotency.claim(held), undefined);
  await keep(opened.store, held);
  assert.deepEqual(await opened.another().idempotency.claim(request('settled', 'second')), answer);
  await expireClaim('settled');
  assert.deepEqual(
    await opened.store.idempotency.claim(request('settled', 'third')),
    answer,
    'an answer outlasts its claim',
  );
});

test('a request that lost its claim to a retry cannot commit, and its release has no effect', async () => {
  const [lost, taken] = [request('lost', 'slow'), request('lost', 'repeat')];
  await opened.store.idempotency.claim(lost);
  await expireClaim('lost');
  await opened.store.idempotency.claim(taken);
  await assert.rejects(keep(opened.store, lost, { ...answer, body: 'of the slow one' }), {
    code: 'idempotency_in_progress',
  });
  await opened.store.idempotency.release(lost);
  await assert.rejects(opened.store.idempotency.claim(request('lost', 'third')), { code: 'idempotency_in_progress' });
  await keep(opened.store, taken);
  assert.deepEqual(await opened.store.idempotency.claim(request('lost', 'fourth')), answer);
});

test('of two concurrent commits with one key exactly one succeeds', async () => {
  for (let round = 0; round < 5; round += 1) {
    const key = `settles-${round}`;
    const [first, second] = [request(key, 'first'), request(key, 'second')];
    await opened.store.idempotency.claim(first);
    await expireClaim(key);
    const [, taken] = await Promise.allSettled([
      keep(opened.store, first),
      opened.store.idempotency.claim(second).then(() => keep(opened.store, second, { ...answer, body: 'second' })),
    ]);
    const kept = await opened.store.idempotency.claim(request(key, 'reads'));
    assert.ok(kept?.body === answer.body || kept?.body === 'second');
    if (taken.status === 'fulfilled' && kept.body === answer.body) assert.fail('both believe that they have committed');
  }
});

test('a released key can be used for another request; a key with an answer is not released', async () => {
  const held = request('given-back', 'first');
  await opened.store.idempotency.claim(held);
  await opened.store.idempotency.release(held);
  const other = request('given-back', 'second', { fingerprint: 'sha256:b' });
  assert.equal(await opened.store.idempotency.claim(other), undefined);
  await keep(opened.store, other);
  await opened.store.idempotency.release(other);
  assert.deepEqual(
    await opened.store.idempotency.claim(request('given-back', 'third', { fingerprint: 'sha256:b' })),
    answer,
  );
});

test('a different request with the same key is refused, whether the first runs, is dead or was answered', async () => {
  const other = request('other', 'x', { fingerprint: 'sha256:b' });
  const held = request('other', 'first');
  await opened.store.idempotency.claim(held);
  await assert.rejects(opened.store.idempotency.claim(other), { code: 'idempotency_key_reused' });
  await keep(opened.store, held);
  await assert.rejects(opened.store.idempotency.claim(other), { code: 'idempotency_key_reused' });
  await opened.store.idempotency.claim(request('other-dead', 'first'));
  await expireClaim('other-dead');
  await assert.rejects(opened.store.idempotency.claim({ ...other, key: 'other-dead' }), {
    code: 'idempotency_key_reused',
  });
});

test('equal keys of two principals are independent', async () => {
  const [alice, bob] = [
    request('shared', 'a'),
    request('shared', 'b', { principal: 'bob@example.com', fingerprint: 'sha256:b' }),
  ];
  assert.equal(await opened.store.idempotency.claim(alice), undefined);
  assert.equal(await opened.store.idempotency.claim(bob), undefined);
  await opened.store.idempotency.release(bob);
  await assert.rejects(opened.store.idempotency.claim(request('shared', 'c')), { code: 'idempotency_in_progress' });
});

test('keys expire after a day, and nothing else in the control database except leases and attempts to deliver expires', async () => {
  const indexes: string[] = [];
  const db = opened.control.db(opened.databases.control);
  for (const { name } of await db.listCollections().toArray()) {
    for (const index of await db.collection(name).indexes())
      if (index['expireAfterSeconds'] !== undefined) indexes.push(name);
  }
  // Ended leases are kept for a day for investigations; the ledger records that they were issued.
  // Attempts to deliver an event are observations.
  assert.deepEqual(indexes.toSorted(), ['idempotency', 'leases', 'webhook_attempts']);
  const kept = await db.collection<IdempotencyDocument>('idempotency').findOne({ '_id.key': 'settled' });
  const hours = ((kept?.expireTime.getTime() ?? 0) - Date.now()) / 3_600_000;
  assert.ok(hours > 23 && hours <= 24, String(hours));
});
