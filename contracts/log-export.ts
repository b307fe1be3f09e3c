import { z } from 'zod';
import { ledgerEntrySchema } from './ledger-entry.ts';
import { logLeafSchema } from './log/leaf.ts';

const hashSchema = z.base64().meta({ description: 'SHA-256, in base64.' });

/** A signed head of the log. */
export const signedHeadSchema = z
  .strictObject({
    size: z.int().positive().meta({ description: 'The number of entries in the log.' }),
    note: z.string().meta({
      description: 'The signed note (C2SP tlog-checkpoint): origin, size and root of the tree, and signatures.',
    }),
  })
  .meta({ title: 'SignedHead' });

/** The head of the log, as far as it is signed. */
export const logHeadSchema = z
  .strictObject({
    origin: z.string().meta({ description: 'The name of the log, and of the keys that sign it.' }),
    signed: signedHeadSchema.optional().meta({ description: 'Absent if nothing was signed yet.' }),
    keys: z.array(z.string()).meta({
      description:
        'All public keys that have signed the log, oldest first, each in the form of Go’s note.NewVerifier. Compare them with the key that you obtained through another channel.',
    }),
  })
  .meta({ title: 'LogHead' });

/** One entry in the log, with what proves its place. */
export const loggedEntrySchema = z
  .strictObject({
    index: z.int().nonnegative(),
    hash: hashSchema.meta({ description: 'The hash of the leaf as the tree has it.' }),
    leaf: logLeafSchema,
    entry: ledgerEntrySchema,
    proof: z.array(hashSchema).optional().meta({
      description: 'The inclusion proof (RFC 9162) in the tree of the requested size. Only with `tenant`.',
    }),
  })
  .meta({ title: 'LoggedEntry' });

export type SignedHead = z.infer<typeof signedHeadSchema>;
export type LoggedEntry = z.infer<typeof loggedEntrySchema>;
