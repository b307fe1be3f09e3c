/** Something wrong that the oracle has found: a word for its kind, and the full description. */
export interface Finding {
  readonly word: string;
  readonly message: string;
}

/** Collects findings. An error that a check throws becomes a finding with the word of the check. */
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
