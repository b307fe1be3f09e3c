import type { JWK } from 'jose';

import type { ReplicaSetName } from './mongod.ts';
import type { Ports } from './ports.ts';

/** Everything another process needs to use a running stack. It contains secrets, so its file has mode 0600. */
export interface StackDescription {
  readonly dataDirectory: string;
  readonly ports: Ports;
  readonly mongod: Readonly<Record<ReplicaSetName, { readonly uri: string; readonly adminUri: string }>>;
  readonly temporal: { readonly address: string; readonly namespace: string };
  readonly files: {
    readonly cells: string;
    readonly keyring: string;
    readonly codecKeyring: string;
    readonly jwks: string;
    readonly logKey: string;
  };
  readonly issuerPrivateKey: JWK;
}
