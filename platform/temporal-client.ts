import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { withinMs } from './deadline.ts';
import { createEncryptionCodec } from './payload-codec/encryption-codec.ts';
import type { CodecKeyring } from './payload-codec/encryption-codec.ts';

/** Converts all data that goes to Temporal, in the same way in clients, workers and the replay of histories. */
export function createDataConverter(keyring: CodecKeyring): DataConverter {
  return {
    payloadCodecs: [createEncryptionCodec(keyring)],
    failureConverterPath: fileURLToPath(new URL('./payload-codec/failure-converter.ts', import.meta.url)),
  };
}

export interface TemporalClientOptions {
  readonly address: string;
  readonly namespace: string;
  readonly keyring: CodecKeyring;
}

export interface TemporalClient {
  readonly client: Client;
  /** Resolves if Temporal responds for the namespace. Otherwise rejects within two seconds. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

const pingTimeoutMs = 2_000;

/**
 * By default, gRPC waits up to two minutes between connection attempts, and would notice too late that Temporal is
 * back.
 */
const reconnectArguments = { 'grpc.initial_reconnect_backoff_ms': 250, 'grpc.max_reconnect_backoff_ms': 2_000 };

/** A client that connects when it is first used, so that a process can start while Temporal is unavailable. */
export function createTemporalClient({ address, namespace, keyring }: TemporalClientOptions): TemporalClient {
  const connection = Connection.lazy({ address, channelArgs: reconnectArguments });
  return {
    client: new Client({ connection, namespace, dataConverter: createDataConverter(keyring) }),
    async ping() {
      const request = connection.withDeadline(Date.now() + pingTimeoutMs, () =>
        connection.workflowService.describeNamespace({ namespace }),
      );
      // The deadline of the call starts only once there is a connection.
      await withinMs(pingTimeoutMs, request, () => new Error('Temporal did not respond in time'));
    },
    close: () => connection.close(),
  };
}
