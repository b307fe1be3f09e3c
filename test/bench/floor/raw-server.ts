import express from 'express';
import { MongoClient } from 'mongodb';

/** Express with the raw driver, in a process of its own: `raw-server.ts <port> <uri> <database> <name>`. */
const [port = '0', uri = '', database = '', name = ''] = process.argv.slice(2);
const client = await new MongoClient(uri, { maxPoolSize: 50 }).connect();
const resources = client.db(database).collection('resources');
const app = express();
app.get('/tenant', async (_request, response) => {
  response.json(await resources.findOne({ kind: 'Tenant', name }));
});
app.listen(Number(port), '127.0.0.1', () => console.log('ready'));
