import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { answerClientError } from '../../../api/client-error.ts';

/** Everything received on one connection. Sends `first` at once, and `second` when something has been received. */
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

it('bytes that are not a request are answered with a problem', async () => {
  assert.match(
    await conversation('GARBAGE\r\n\r\n', ''),
    /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"code":"request_invalid"/,
  );
});

it('invalid bytes that arrive during an answer end it, and nothing is written into it', async () => {
  const received = await conversation('GET / HTTP/1.1\r\nhost: x\r\n\r\n', 'GARBAGE\r\n\r\n');
  assert.match(received, /^HTTP\/1\.1 200 OK/);
  assert.equal(received.match(/HTTP\/1\.1/g)?.length, 1, received);
});
