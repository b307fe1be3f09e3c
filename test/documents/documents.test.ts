import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { performDocument } from './perform-document.ts';
import { copyProject } from './project-copy.ts';
import { readBlocks } from './read-blocks.ts';
import { readSteps } from './read-steps.ts';

const clone = fileURLToPath(new URL('../..', import.meta.url));
/** Only documents with this text in their path are performed. */
const chosen = process.env['TENURE_DOCUMENT'] ?? '';
const documents = [
  'README.md',
  ...globSync('docs/guides/*.md', { cwd: clone })
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted(),
].filter((path) => path.includes(chosen));

test('at least one document is performed', () => {
  assert.ok(documents.length > 0, `no document has ${chosen} in its path`);
});

// Most of the time is spent waiting.
describe('documents', { concurrency: 2 }, () => {
  for (const document of documents) {
    const steps = readSteps(readBlocks(readFileSync(join(clone, document), 'utf8')));
    const skipped = steps.flatMap((step) =>
      step.does === 'skip' ? [`${document}:${step.line} is not run: ${step.reason}`] : [],
    );
    test(`the commands in ${document} do what it says`, { timeout: 240_000 }, async (context) => {
      for (const line of skipped) context.diagnostic(line);
      if (steps.length === skipped.length) return;
      const copy = await copyProject();
      try {
        const { commands, files } = await performDocument(document, copy);
        context.diagnostic(
          `${document}: ${commands} commands ran, ${files} files were written, ${skipped.length} blocks were not run`,
        );
      } finally {
        copy.remove();
      }
    });
  }
});
