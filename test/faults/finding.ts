/** What a case failed at, in one word for the table and in full for whoever looks for the cause. */
export class Finding extends Error {
  readonly word: string;

  constructor(word: string, cause: unknown) {
    super(`${word}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'Finding';
    this.word = word;
  }
}

/** Runs a part of a case; what it throws is known by this word. */
export async function finding<T>(word: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Finding ? error : new Finding(word, error);
  }
}
