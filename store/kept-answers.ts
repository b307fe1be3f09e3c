/** An answer stored under an idempotency key. */
export interface IdempotencyDocument {
  _id: { principal: string; key: string };
  /** Digest of method, path and body. */
  fingerprint: string;
  /** Id of the request that holds the key; a commit with a lost claim is refused. */
  claim: string;
  claimUntil: Date;
  answer: StoredAnswer | null;
  /** Read by the TTL index. */
  expireTime: Date;
}

export interface StoredAnswer {
  status: number;
  headers: Record<string, string>;
  /** JSON text, byte for byte. */
  body: string;
  /** Absent in documents of an earlier build. */
  about?: AnswerSubject;
}

/** The resource that an answer is about. */
export interface AnswerSubject {
  tenant?: { uid: string; name: string };
  /** The operation that carries out what was accepted. */
  operation?: string;
}
