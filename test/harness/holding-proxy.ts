import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { until } from './until.ts';

/** A message that the network holds back. */
export interface HeldBack {
  /** Whether it has reached the network. */
  isCaught(): boolean;
  /** Resolves when it has reached the network. */
  caught(): Promise<void>;
  /** Resolves when the client that sent it, or that waits for it, has closed its connection. */
  abandoned(): Promise<void>;
  /**
   * Delivers it, even if the client is gone. Resolves when a command has been answered, or when a reply has been sent.
   */
  release(): Promise<void>;
}

/** A network between MongoDB's clients and one mongod. */
export interface HoldingProxy {
  /**
   * The connection string that reaches the mongod through it; `directConnection` keeps the driver from bypassing it.
   */
  readonly uri: string;
  /**
   * Holds back the next command of this name that contains `about`, or the reply to it. Later messages on the same
   * connection wait behind it.
   */
  holdNext(command: string, about: string, direction?: 'to mongod' | 'to client'): HeldBack;
  close(): Promise<void>;
}

const headerBytes = 16;
const opMsg = 2013;
/**
 * Where the name is in an OP_MSG: after the header, flags, the kind of the first section, the length of its document,
 * the type of its first element.
 */
const nameAt = headerBytes + 4 + 1 + 4 + 1;

/** The name of the command in a message of the wire protocol; `undefined` for any other message. */
function commandIn(message: Buffer): string | undefined {
  if (message.readInt32LE(12) !== opMsg) return undefined;
  return message.subarray(nameAt, message.indexOf(0, nameAt)).toString('utf8');
}

/** Splits a stream of bytes into whole messages. */
function createReader(): (bytes: Buffer) => Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    const messages: Buffer[] = [];
    while (rest.length >= headerBytes && rest.length >= rest.readInt32LE(0)) {
      const length = rest.readInt32LE(0);
      messages.push(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    return messages;
  };
}

interface Hold {
  readonly command: string;
  readonly about: string;
  readonly direction: 'to mongod' | 'to client';
  held?: { readonly client: Socket; readonly server: Socket; readonly bytes: Buffer[]; isReleased: boolean };
}

/**
 * Starts a proxy between the mongod of this connection string and the clients that use the connection string of the
 * proxy.
 */
export async function startHoldingProxy(uri: string): Promise<HoldingProxy> {
  const { hostname, port } = new URL(uri);
  const target = { host: hostname, port: Number(port) };
  const sockets = new Set<Socket>();
  const holds: Hold[] = [];

  const listener = createServer((client) => {
    const server = connect(target);
    const read = createReader();
    let hold: Hold | undefined;
    for (const socket of [client, server]) {
      sockets.add(socket);
      // If one side closes, the other is closed too. A message that was held back keeps the connection to mongod open.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        if (hold === undefined || socket === server) (socket === client ? server : client).destroy();
      });
    }
    client.on('data', (bytes) => {
      for (const message of read(bytes)) {
        const name = commandIn(message);
        if (hold === undefined || hold.held?.isReleased === true) {
          hold = holds.find((one) => one.held === undefined && one.command === name && message.includes(one.about));
          if (hold !== undefined) hold.held = { client, server, bytes: [], isReleased: false };
        }
        if (hold?.held?.isReleased === false && hold.direction === 'to mongod') hold.held.bytes.push(message);
        else server.write(message);
      }
    });
    server.on('data', (bytes) => {
      if (hold?.held?.isReleased === false && hold.direction === 'to client') hold.held.bytes.push(bytes);
      else client.write(bytes);
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');

  const through = new URL(uri);
  through.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  through.searchParams.delete('replicaSet');
  through.searchParams.set('directConnection', 'true');
  return {
    uri: through.href,
    holdNext(command, about, direction = 'to mongod') {
      const hold: Hold = { command, about, direction };
      holds.push(hold);
      // A reply is caught when mongod has executed its command.
      const isCaught = (): boolean => hold.held !== undefined && hold.held.bytes.length > 0;
      return {
        isCaught,
        async caught() {
          await until(`${command} has been sent`, isCaught);
        },
        async abandoned() {
          await until(`the client of ${command} has closed its connection`, () => hold.held?.client.destroyed === true);
        },
        async release() {
          const { held } = hold;
          if (held === undefined) throw new Error(`no ${command} was held back`);
          const { client, server, bytes } = held;
          held.isReleased = true;
          if (direction === 'to client') {
            for (const chunk of bytes) client.write(chunk);
            return;
          }
          const answered = once(server, 'data');
          for (const message of bytes) server.write(message);
          await answered;
          if (client.destroyed) server.destroy();
        },
      };
    },
    async close() {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
