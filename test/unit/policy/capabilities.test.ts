import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { policiesDirectory } from '../../../tools/policies.ts';
import { compile, temporaryDirectory } from './compiled.ts';

describe('the capabilities of the policies', () => {
  const build = async (condition: string) => {
    await using directory = await temporaryDirectory();
    await compile(directory.path, [`package a\n\nb if ${condition}\n`], {
      entrypoints: ['a/b'],
      capabilities: join(policiesDirectory, 'capabilities.json'),
    });
  };

  it('allow what WebAssembly can do natively', async () => {
    await build('count(sort(input.x)) <= 3');
  });

  // The host does not implement the first three, and implements the last two differently from OPA.
  for (const call of [
    'http.send({}).x',
    'time.now_ns() > 0',
    'time.parse_rfc3339_ns(input.x) > 0',
    'sprintf("%v", [1]) == "1"',
    'yaml.is_valid("a")',
  ]) {
    it(`fail the build of ${call}`, async () => {
      await assert.rejects(build(call), /undefined function/);
    });
  }
});
