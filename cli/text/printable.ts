/** C0 and C1 control characters, which a terminal would execute; tab and line feed are layout. */
// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Makes foreign text (from files or answers) safe to show in a terminal. */
export function printable(text: string): string {
  return text.replaceAll(controls, '\uFFFD');
}

/** The same on one line, for a table cell or the progress line. */
export function printableLine(text: string): string {
  return printable(text.replaceAll(/\s*[\r\n]+\s*/g, ' ').replaceAll('\t', ' '));
}
