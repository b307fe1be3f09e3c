import { createServer } from 'node:http';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Event } from '../../contracts/event.ts';

/** A delivery as it was received. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly event: Event;
  /** When, by `performance.now()`. */
  readonly time: number;
}

/** Answers a delivery: with a status, or as it likes. */
export type Answer = number | ((response: ServerResponse, received: Received) => void);

/** A receiver of webhooks on this machine. */
export interface WebhookReceiver {
  readonly url: string;
  /** Everything that was received, in its order. */
  readonly received: readonly Received[];
  /** From now on it answers so. */
  answer(answer: Answer): void;
  close(): Promise<void>;
}

export async function startReceiver(first: Answer = 200): Promise<WebhookReceiver> {
  let answer = first;
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const one = { headers: request.headers, body, event: JSON.parse(body) as Event, time: performance.now() };
      received.push(one);
      if (typeof answer === 'function') answer(response, one);
      else response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    answer(next) {
      answer = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
