import { open, readFile, rename } from 'node:fs/promises';
import { z } from 'zod';
import { ConfigError } from './config.ts';

const headSchema = z.strictObject({ size: z.int().nonnegative(), root: z.base64() });

/** A file that holds the last signed head of the log. */
export interface HeadFile {
  read(): Promise<{ size: number; root: Buffer } | undefined>;
  write(head: { readonly size: number; readonly root: Buffer }): Promise<void>;
}

export function createHeadFile(path: string): HeadFile {
  return {
    async read() {
      let text: string;
      try {
        text = await readFile(path, 'utf8');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
      const parsed = headSchema.safeParse(parseJson(text));
      if (!parsed.success)
        throw new ConfigError([`TENURE_LOG_HEAD_FILE names a file that is not the last signed head: ${path}`]);
      return { size: parsed.data.size, root: Buffer.from(parsed.data.root, 'base64') };
    },
    async write({ size, root }) {
      const draft = `${path}.draft`;
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(`${JSON.stringify({ size, root: root.toString('base64') })}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
