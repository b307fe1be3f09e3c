/** A file that is made from code and kept in version control. */
export interface GeneratedFile {
  /** Relative to the clone, with `/`. */
  readonly path: string;
  readonly content: string;
}

/** What the first line of a generated file says. */
export function generatedNotice(source: string): string {
  return `Generated from ${source} by \`npm run generate\`; change that and run it again.`;
}
