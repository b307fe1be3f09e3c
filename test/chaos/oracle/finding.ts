/** What the oracle has found wrong: a word for its kind, and what it is in full. */
export interface Finding {
  readonly word: string;
  readonly message: string;
}

/** Gathers what is wrong; what a check throws is one finding of its kind. */
export interface Findings {
  readonly all: readonly Finding[];
  add(word: string, message: string): void;
  check(word: string, about: string, work: () => Promise<void>): Promise<void>;
}

export function createFindings(): Findings {
  const all: Finding[] = [];
  return {
    all,
    add: (word, message) => void all.push({ word, message }),
    async check(word, about, work) {
      try {
        await work();
      } catch (error) {
        all.push({ word, message: `${about}: ${error instanceof Error ? error.message : String(error)}` });
      }
    },
  };
}
