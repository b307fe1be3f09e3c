import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { answerClientError } from '../../../api/client-error.ts';

/** Everything that comes back over one connection, for what is sent on it: the first at once, the second when something has come. */
async function conversation(first: string, second: string): Promise<string> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n'),
  );
  server.on('clientError', answerClientError);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  try {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let received = '';
    await new Promise<void>((resolve) => {
      socket.setEncoding('utf8').on('data', (text: string) => {
        if (received === '' && second !== '') socket.write(second);
        received += text;
      });
      socket.once('close', () => resolve()).on('error', () => undefined);
      socket.write(first);
    });
    return received;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it('what is no request is answered with a problem', async () => {
  assert.match(
    await conversation('GARBAGE\r\n\r\n', ''),
    /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"code":"request_invalid"/,
  );
});

it('what comes in the midst of an answer ends it, and writes nothing into it', async () => {
  const received = await conversation('GET / HTTP/1.1\r\nhost: x\r\n\r\n', 'GARBAGE\r\n\r\n');
  assert.match(received, /^HTTP\/1\.1 200 OK/);
  assert.equal(received.match(/HTTP\/1\.1/g)?.length, 1, received);
});
