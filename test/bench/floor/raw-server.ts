import express from 'express';
import type { Response } from 'express';
import { MongoClient } from 'mongodb';
import type { Document } from 'mongodb';

/** Express with the raw driver, in a separate process: `raw-server.ts <port> <uri> <database> <name>`. */
const [port = '0', uri = '', database = '', name = ''] = process.argv.slice(2);
const client = await new MongoClient(uri, { maxPoolSize: 50 }).connect();
const db = client.db(database, { writeConcern: { w: 'majority', journal: true } });
const resources = db.collection<Document & { _id: string }>('resources');
const app = express();

app.get('/tenant', async (_request, response) => {
  response.json(await resources.findOne({ kind: 'Tenant', name }));
});

app.get('/tenants', async (_request, response) => {
  response.json(await resources.find({ kind: 'Tenant' }).sort({ name: 1 }).limit(100).toArray());
});

/** The minimum of a declared change: the document, its revision and its ledger entry, in one transaction. */
app.put('/tenants/:name', express.json(), async (request, response) => {
  const document = await client.withSession((session) =>
    session.withTransaction(async () => {
      const before = await resources.findOneAndUpdate(
        { kind: 'Tenant', name: request.params.name },
        { $inc: { revision: 1, generation: 1 }, $set: { labels: request.body.metadata.labels } },
        { session, returnDocument: 'after' },
      );
      await db
        .collection('raw_revisions')
        .insertOne({ ...before, _id: undefined } as Document, { session, ignoreUndefined: true });
      await db
        .collection('raw_ledger')
        .insertOne({ action: 'update', target: request.params.name, time: new Date() }, { session });
      return before;
    }),
  );
  response.json(document);
});

const watchers = new Set<Response>();
app.get('/watch', (_request, response) => {
  response.set('content-type', 'text/event-stream').flushHeaders();
  response.write(': ready\n\n');
  watchers.add(response);
  response.once('close', () => watchers.delete(response));
});
resources.watch([], { fullDocument: 'updateLookup' }).on('change', (change) => {
  if (!('fullDocument' in change)) return;
  const event = `data: ${JSON.stringify(change.fullDocument)}\n\n`;
  for (const watcher of watchers) watcher.write(event);
});

app.listen(Number(port), '127.0.0.1', () => console.log('ready'));
