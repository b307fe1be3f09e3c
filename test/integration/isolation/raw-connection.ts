import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { BSON } from 'mongodb';
import type { Document } from 'mongodb';

const opMsg = 2013;
const headerBytes = 16;

/** A connection that sends only what it is given: no session, no retries, no write concern. */
export interface RawConnection {
  command(database: string, command: Document): Promise<Document>;
  close(): void;
}

/** Frames one command as OP_MSG with a single body section (MongoDB wire protocol). */
function frame(requestId: number, document: Document): Buffer {
  const body = BSON.serialize(document);
  const message = Buffer.alloc(headerBytes + 5 + body.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(requestId, 4);
  message.writeInt32LE(opMsg, 12);
  Buffer.from(body).copy(message, headerBytes + 5);
  return message;
}

async function nextReply(socket: Socket, received: { bytes: Buffer }): Promise<Document> {
  while (received.bytes.length < 4 || received.bytes.length < received.bytes.readInt32LE(0)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    received.bytes = Buffer.concat([received.bytes, chunk]);
  }
  const length = received.bytes.readInt32LE(0);
  const reply = BSON.deserialize(received.bytes.subarray(headerBytes + 5, length));
  received.bytes = received.bytes.subarray(length);
  return reply;
}

const hmac = (key: Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** SCRAM-SHA-256 (RFC 7677). */
async function authenticate(connection: RawConnection, { user, password, database }: RawCredential): Promise<void> {
  const nonce = randomBytes(18).toString('base64');
  const bare = `n=${user},r=${nonce}`;
  const first = await connection.command(database, {
    saslStart: 1,
    mechanism: 'SCRAM-SHA-256',
    payload: Buffer.from(`n,,${bare}`),
    options: { skipEmptyExchange: true },
  });
  const challenge = String(Buffer.from((first['payload'] as BSON.Binary).buffer));
  const { r, s, i } = Object.fromEntries(challenge.split(',').map((part) => [part[0], part.slice(2)])) as Record<
    'r' | 's' | 'i',
    string
  >;
  const salted = pbkdf2Sync(password, Buffer.from(s, 'base64'), Number(i), 32, 'sha256');
  const clientKey = hmac(salted, 'Client Key');
  const unsigned = `c=biws,r=${r}`;
  const signature = hmac(createHash('sha256').update(clientKey).digest(), `${bare},${challenge},${unsigned}`);
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] ?? 0))).toString('base64');
  const last = await connection.command(database, {
    saslContinue: 1,
    conversationId: first['conversationId'],
    payload: Buffer.from(`${unsigned},p=${proof}`),
  });
  if (last['ok'] !== 1 || last['done'] !== true) throw new Error(`login failed: ${JSON.stringify(last)}`);
}

interface RawCredential {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/**
 * Connects without the driver, which gives every operation a session. Send one command at a time; a refusal is returned
 * like any other answer.
 */
export async function connectRaw(endpoint: string, credential: RawCredential): Promise<RawConnection> {
  const { hostname, port } = new URL(endpoint);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  const received = { bytes: Buffer.alloc(0) };
  let requestId = 0;
  const connection: RawConnection = {
    async command(database, command) {
      requestId += 1;
      socket.write(frame(requestId, { ...command, $db: database }));
      return nextReply(socket, received);
    },
    close: () => socket.destroy(),
  };
  try {
    await authenticate(connection, credential);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}
