/** Why a case failed: one word, which CONTRIBUTING.md explains, and the full cause. */
export class Finding extends Error {
  readonly word: string;

  constructor(word: string, cause: unknown) {
    super(`${word}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'Finding';
    this.word = word;
  }
}

/** Runs a part of a case. An error in it becomes a finding with this word. */
export async function finding<T>(word: string, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Finding ? error : new Finding(word, error);
  }
}
