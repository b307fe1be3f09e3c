import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Binary } from 'mongodb';
import type { Document } from 'mongodb';
import { canonicalBytes } from '../../../contracts/canonical-json.ts';
import { exitCodes } from '../../../contracts/problem-type.ts';
import type { Installation } from '../../harness/installation.ts';
import { activeTenant, takeAll } from '../../harness/lifecycle.ts';
import { declareBasics } from '../../harness/manifests.ts';
import { until } from '../../harness/until.ts';
import { startInstallationCli } from '../cli/installation-cli.ts';
import type { InstallationCli } from '../cli/installation-cli.ts';

let cli: InstallationCli<Installation>;
let installation: Installation;
before(async () => {
  cli = await startInstallationCli();
  ({ installation } = cli);
  await declareBasics(installation.client());
  await activeTenant(installation.client(), 'acme');
  await activeTenant(installation.client(), 'globex');
});
after(() => cli.stop());

const ledgerSize = (): Promise<number> =>
  installation.control.db(installation.databases.control).collection('ledger').countDocuments();
const signedSize = async (): Promise<number> => (await installation.client().call('getLogHead')).body.signed?.size ?? 0;
const untilAllSigned = () => until('everything is signed', async () => (await signedSize()) >= (await ledgerSize()));

async function keyOf(): Promise<string> {
  const [key = ''] = (await installation.client().call('getLogHead')).body.keys;
  return key;
}

test('an export of everything, or of one tenant, is verified without a connection', async () => {
  await untilAllSigned();
  const offline = { environment: { TENURE_CONTEXT: '', TENURE_SERVER: 'http://127.0.0.1:1', TENURE_TOKEN: 't' } };
  await cli.done('audit', 'export', 'everything');
  await cli.done('audit', 'export', 'acme', '--tenant', 'acme');
  for (const directory of ['everything', 'acme']) {
    const { code, stdout, stderr } = await cli.run(['audit', 'verify', directory, '--key', await keyOf()], offline);
    assert.equal(code, exitCodes.ok, stdout + stderr);
    assert.equal(stderr, '');
  }
  // Whoever changes the export is found, and the entry is named.
  const path = join(cli.folder, 'everything', 'entries.jsonl');
  const lines = readFileSync(path, 'utf8').split('\n');
  writeFileSync(
    path,
    [...lines.slice(0, 5), lines[5]!.replace('"outcome":"', '"outcome":"failed","x":"'), ...lines.slice(6)].join('\n'),
  );
  assert.equal((await cli.run(['audit', 'verify', 'everything'], offline)).code, exitCodes.operationFailed);
});

test('who changes an entry in the database is found, and the entry is named', async () => {
  const ledger = installation.control
    .db(installation.databases.control)
    .collection<Document & { _id: string }>('ledger');
  await untilAllSigned();
  const [position] = await installation.store.log.positions(7, 1);
  const stored = await ledger.findOne({ _id: position!.entry });
  const entry = JSON.parse(Buffer.from((stored!['bytes'] as Binary).value()).toString()) as Record<string, unknown>;
  const forged = new Binary(canonicalBytes({ ...entry, outcome: 'denied' }));
  await ledger.updateOne({ _id: position!.entry }, { $set: { bytes: forged } });
  await cli.done('audit', 'export', 'forged');
  const { code, stdout } = await cli.run(['audit', 'verify', 'forged', '--key', await keyOf()]);
  assert.equal(code, exitCodes.operationFailed);
  assert.match(stdout, /^entry 7: /);
  assert.equal(stdout.trim().split('\n').length, 1, 'no other entry is');
  await ledger.updateOne({ _id: position!.entry }, { $set: { bytes: stored!['bytes'] as Binary } });
});

test('after the control database was replaced by an older one, the log is not signed any more', async () => {
  const db = installation.control.db(installation.databases.control);
  const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
  await installation.worker.kill('SIGKILL');
  const backup = new Map<string, Document[]>();
  for (const name of names) backup.set(name, await db.collection(name).find().toArray());
  const backupSize = await installation.store.log.size();
  installation.worker.start();
  await installation.worker.ready();
  await takeAll(installation.client(), 'acme', ['suspendTenant']);
  await untilAllSigned();
  const signed = await signedSize();
  assert.ok(signed > backupSize);

  await installation.worker.kill('SIGKILL');
  for (const [name, documents] of backup) {
    await db.collection(name).deleteMany({});
    if (documents.length > 0) await db.collection(name).insertMany(documents);
  }
  // Another replica set does not know the position in the change stream.
  await db.collection('log_head').updateOne({}, { $set: { readTo: null } });
  installation.worker.start();
  await installation.worker.ready();
  await takeAll(installation.client(), 'globex', ['suspendTenant', 'resumeTenant', 'suspendTenant']);
  // Sequenced it is, because services depend on it.
  await until('everything is sequenced', async () => (await installation.store.log.size()) >= (await ledgerSize()));
  await until('the worker says so', () => installation.worker.output().includes('the log is not signed any more'));
  assert.ok((await installation.store.log.size()) > signed);
  assert.ok((await signedSize()) <= backupSize, 'nothing was signed after the restore');
});
