import { globSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { performDocument } from './perform-document.ts';
import { copyProject } from './project-copy.ts';

const clone = fileURLToPath(new URL('../..', import.meta.url));
const documents = ['README.md', ...globSync('docs/guides/*.md', { cwd: clone }).toSorted()].map((path) => path.replaceAll('\\', '/'));
const onlyDocument = process.env['TENURE_DOCUMENT'];

for (const document of documents.filter((path) => onlyDocument === undefined || path.includes(onlyDocument))) {
  test(`${document} does what it says`, { timeout: 240_000 }, async (context) => {
    const copy = await copyProject();
    try {
      const { commands, files, skipped } = await performDocument(document, copy);
      context.diagnostic(`${document}: ${commands} commands ran, ${files} files were written, ${skipped.length} blocks were not run`);
      for (const reason of skipped) context.diagnostic(`not run: ${reason}`);
    } finally {
      copy.remove();
    }
  });
}
