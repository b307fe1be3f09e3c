import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UUID } from 'mongodb';
import type { Document } from 'mongodb';
import { aboutNobody, containsAny, secretsOf } from '../../../engines/isolation/verify/probe.ts';
import type { ProbeTarget, Probe } from '../../../engines/isolation/verify/probe.ts';
import { isRefusal, isStop, stop, isUnauthorized } from '../../../engines/isolation/verify/answer.ts';
import type { Answer } from '../../../engines/isolation/verify/answer.ts';
import { fitCommand } from '../../../engines/isolation/verify/fit-command.ts';
import { judge } from '../../../engines/isolation/verify/judge.ts';
import type { JudgeContext } from '../../../engines/isolation/verify/judge.ts';

const uid = '01hzzzzzzzzzzzzzzzzzzzzzb2';
const target: ProbeTarget = { uid, database: 'tenure_pool', collection: `orders_${uid}`, uuid: new UUID() };
const nobody = { uid: '01hzzzzzzzzzzzzzzzzzzzzzz9', uuid: new UUID() };
const error = (code: number, message = ''): Answer => ({ kind: 'error', code, codeName: 'Some', message });
const done = (reply: Document): Answer => ({ kind: 'done', reply });
const refused = error(13, 'not authorized');

describe('an answer of mongod', () => {
  it('is a refusal only with two codes', () => {
    const codes = Array.from({ length: 500 }, (_, code) => code).filter((code) => isRefusal(error(code)));
    assert.deepEqual(codes, [13, 18]);
    assert.deepEqual(
      [isUnauthorized(error(13)), isUnauthorized(error(18)), isRefusal(done({ ok: 1 }))],
      [true, false, false],
    );
  });
  it('is a stop only with the codes of an impossible read concern', () => {
    assert.deepEqual(
      [72, 239, 246, 13, 9].map((code) => isStop(error(code))),
      [true, true, true, false, false],
    );
  });
});

describe('a command that mongod does not accept', () => {
  /** Accepts only a number in `move` and an object with a UUID as `id` in `to`. */
  function mongod(command: Document): Answer {
    if (typeof command['move'] !== 'number')
      return error(14, "BSON field 'move.move' is the wrong type 'string', expected type 'int'");
    if (!('to' in command)) return error(40_414, "BSON field 'move.to' is missing but a required field");
    if (typeof command['to'] !== 'object')
      return error(14, "BSON field 'move.to' is the wrong type 'string', expected types '[object, array]'");
    if (!('id' in command['to'])) return error(40_414, "BSON field 'move.to.id' is missing but a required field");
    if (!(command['to'].id instanceof UUID))
      return error(14, "BSON field 'move.to.id' is the wrong type 'string', expected type 'binData'");
    return refused;
  }
  it('is corrected from the errors of mongod', async () => {
    const { command, answer } = await fitCommand('move', undefined, target, async (tried) => mongod(tried));
    assert.deepEqual([command, answer], [{ move: 1, to: { id: target.uuid } }, refused]);
  });
  it('gets the form that was found for another target, with the names of this one', async () => {
    const { form } = await fitCommand('move', undefined, target, async (tried) => mongod(tried));
    const other = { ...target, uuid: new UUID() };
    const asked: Document[] = [];
    const say = async (tried: Document) => (asked.push(tried), mongod(tried));
    const { command } = await fitCommand('move', undefined, other, say, form);
    assert.deepEqual([command, asked.length], [{ move: 1, to: { id: other.uuid } }, 1]);
  });
  it('is corrected again where mongod no longer accepts the form that was found', async () => {
    const { form } = await fitCommand('move', { move: 1 }, target, async () => refused);
    const { command, answer } = await fitCommand('move', { move: 1 }, target, async (tried) => mongod(tried), form);
    assert.deepEqual([command, answer], [{ move: 1, to: { id: target.uuid } }, refused]);
  });
  it('loses the fields that mongod does not know', async () => {
    const say = async (tried: Document) =>
      'stale' in tried ? error(40_415, "BSON field 'move.stale' is an unknown field.") : refused;
    assert.deepEqual((await fitCommand('move', { move: 1, stale: true }, target, say)).command, { move: 1 });
  });
  it('gets enough time for its answer if it must name a time limit', async () => {
    const say = async (tried: Document) =>
      'maxTimeMS' in tried ? refused : error(40_414, "BSON field 'wait.maxTimeMS' is missing but a required field");
    assert.ok((await fitCommand('wait', { wait: 1 }, target, say)).command['maxTimeMS'] >= 5000);
  });
  it('keeps the form that got furthest when no correction helps', async () => {
    let asked = 0;
    const say = async (tried: Document) => {
      asked += 1;
      return tried['move'] === 1 ? error(72, 'read concern not supported') : error(9, 'no');
    };
    assert.deepEqual((await fitCommand('move', undefined, target, say)).command, { move: 1 });
    assert.ok(asked < 20);
    // The same error, repeated, does not cause endless corrections.
    const { answer } = await fitCommand('move', { move: 1 }, target, async () =>
      error(40_414, "BSON field 'move.x' is missing but a required field"),
    );
    assert.equal(answer.kind, 'error');
  });
});

it('a command about nobody names nothing of the other tenant, at any depth', () => {
  const about = aboutNobody(
    { find: target.collection, x: [{ id: target.uuid, [`k_${uid}`]: `${target.database}.${target.collection}` }] },
    target,
    nobody,
  );
  assert.deepEqual(about, {
    find: `orders_${nobody.uid}`,
    x: [{ id: nobody.uuid, [`k_${nobody.uid}`]: `tenure_pool.orders_${nobody.uid}` }],
  });
  assert.equal(containsAny(about, secretsOf(target, 'canary 1')), false);
});

it('uid, canary and UUID are each found in the bytes of a reply', () => {
  for (const reply of [{ a: [{ b: `x${uid}` }] }, { [`canary 1`]: 0 }, { id: target.uuid }])
    assert.ok(containsAny(reply, secretsOf(target, 'canary 1')), JSON.stringify(reply));
  assert.equal(containsAny({ a: nobody.uid, id: nobody.uuid }, secretsOf(target, 'canary 1')), false);
});

describe('the verdict', () => {
  const probe = (expects: Probe['expects'], more: Partial<Probe> = {}): Probe => ({
    family: 'command',
    name: 'do',
    target,
    database: target.database,
    command: { do: target.collection },
    expects,
    ...more,
  });
  const judged = (say: (command: Document, round: number) => Answer, one: Probe, changed: readonly string[] = []) => {
    let round = 0;
    const jury: JudgeContext = {
      connection: { ask: async (_database, command) => say(command, (round += 1)) },
      canary: 'canary 1',
      nobody,
      changes: async () => changed,
    };
    return judge(jury, one);
  };

  it('on a command that must be refused: only a refusal counts as refused', async () => {
    assert.equal((await judged(() => refused, probe('refused'))).class, 'refused');
    assert.deepEqual(await judged(() => done({ ok: 1 }), probe('refused')), {
      class: 'breach',
      evidence: 'let',
      detail: 'mongod allowed it',
    });
    assert.equal((await judged(() => error(72), probe('refused'))).evidence, 'let');
    assert.equal(
      (await judged(() => done({ a: 'canary 1' }), probe('refused', { reads: true }))).evidence,
      'disclosed',
    );
  });
  it('on a command that must be refused: it is sent with a stop, unless it only reads', async () => {
    const sent: Document[] = [];
    const say = (command: Document) => (sent.push(command), refused);
    await judged(say, probe('refused'));
    await judged(say, probe('refused', { reads: true }));
    assert.deepEqual(sent, [{ do: target.collection, ...stop }, { do: target.collection }]);
  });
  it('on what an earlier verification saw refused: a refusal counts, anything else is examined for this target first', async () => {
    const remembered = (found: Probe) => probe('refused', { examined: async () => found });
    const never = probe('refused', { examined: () => assert.fail('a refused probe needs no examination') });
    assert.equal((await judged(() => refused, never)).class, 'refused');
    assert.equal((await judged(() => done({ ok: 1 }), remembered(probe('refused')))).evidence, 'let');
    assert.equal((await judged(() => done({ ok: 1 }), remembered(probe('nothing')))).class, 'harmless');
  });
  it('on a form that mongod never accepts: not applicable if the answer about nobody is the same', async () => {
    assert.equal((await judged(() => error(59), probe('refused'))).class, 'notApplicable');
    assert.equal(
      (await judged(({ do: at }) => error(at === target.collection ? 48 : 59), probe('refused'))).evidence,
      'differs',
    );
  });
  it('on an allowed command: harmless if the answer about nobody is the same, except what always changes', async () => {
    const moving = (_: Document, round: number) => done({ ok: 1, time: round, $clusterTime: round });
    assert.equal((await judged(moving, probe('nothing'))).class, 'harmless');
    assert.equal(
      (await judged(({ do: at }) => done({ echo: at }), probe('nothing'))).class,
      'harmless',
      'an echo of the command',
    );
    assert.equal(
      (await judged(({ do: at }) => done({ n: at === target.collection ? 2 : 0 }), probe('nothing'))).evidence,
      'differs',
    );
    assert.equal(
      (await judged((_, round) => done({ n: round === 2 ? 2 : 0 }), probe('nothing'))).class,
      'harmless',
      'a single difference is a coincidence',
    );
  });
  it('on an allowed command: a breach if it discloses or changes data of the other tenant', async () => {
    const listing = () => done({ databases: [`tenant_${uid}`] });
    assert.equal((await judged(listing, probe('nothing', { command: { do: 1 } }))).evidence, 'disclosed');
    assert.equal(
      (await judged(listing, probe('nothing'))).evidence,
      'disclosed',
      'even if the probe itself names that database',
    );
    assert.equal((await judged(() => done({ ok: 1 }), probe('nothing'), ['indexes'])).evidence, 'changed');
  });
});
