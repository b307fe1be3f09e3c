/** A fenced block of a Markdown document, with what comes right before it. */
export interface Block {
  readonly language: string;
  readonly text: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  /** The paragraph right before it, without comments; empty if there is none. */
  readonly lead: string;
  /** The text of the HTML comments right before it. */
  readonly notes: readonly string[];
}

const fence = /^(?<indent>[ \t]*)(?<marks>`{3,}|~{3,})[ \t]*(?<language>[^\s`]*)[^`]*$/;
const comment = /^<!--\s*(?<note>.*?)\s*-->$/;

/** The fenced blocks of a document, in order. @throws Error for a fence that is not closed */
export function readBlocks(markdown: string): Block[] {
  const lines = markdown.split('\n');
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  let notes: string[] = [];
  let afterBlank = false;
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    const opening = fence.exec(line)?.groups as { indent: string; marks: string; language: string } | undefined;
    const note = comment.exec(line.trim())?.groups?.['note'];
    if (opening !== undefined) {
      const isClosing = (candidate: string): boolean =>
        candidate.trim().startsWith(opening.marks) && candidate.trim().replaceAll(opening.marks[0]!, '') === '';
      const end = lines.findIndex((candidate, at) => at > index && isClosing(candidate));
      if (end < 0) throw new Error(`the fence in line ${index + 1} is not closed`);
      const text = lines
        .slice(index + 1, end)
        .map((inside) => (inside.startsWith(opening.indent) ? inside.slice(opening.indent.length) : inside));
      blocks.push({
        language: opening.language,
        text: text.join('\n'),
        line: index + 1,
        lead: paragraph.join(' '),
        notes,
      });
      [paragraph, notes, index] = [[], [], end];
    } else if (note !== undefined) {
      notes.push(note);
    } else if (line.trim() === '') {
      afterBlank = true;
    } else {
      if (afterBlank) [paragraph, notes] = [[], []];
      paragraph.push(line.trim());
      afterBlank = false;
    }
  }
  return blocks;
}
