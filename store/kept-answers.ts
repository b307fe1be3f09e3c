/** An answer that is kept under an idempotency key. */
export interface IdempotencyDocument {
  _id: { principal: string; key: string };
  /** Digest of method, path and body. */
  fingerprint: string;
  /** Of the request that holds the key; a commit under a lost claim is refused. */
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
  /** Absent from what an earlier build has kept. */
  about?: AnswerSubject;
}

/** What an answer is about. */
export interface AnswerSubject {
  tenant?: { uid: string; name: string };
  /** The operation that brings about what was accepted. */
  operation?: string;
}
