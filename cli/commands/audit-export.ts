import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { ApiClient } from '../../client/api-client.ts';
import { openHeads, verifyLog, verifyTenantEntries } from '../../client/log-verification.ts';
import type { VerifiedLog } from '../../client/log-verification.ts';
import type { LoggedEntry, SignedHead } from '../../contracts/log-export.ts';
import { openExport, readKeys, requireEmpty, writeExport } from '../audit/export-files.ts';
import type { ReadExport } from '../audit/export-files.ts';
import type { CommandContext } from '../command-context.ts';
import { failureWithFix } from '../failure.ts';
import { allItems, itemsOf } from '../resources/pages.ts';

const exportExamples = `
Examples:
  tenure audit export ledger-2026-12       everything up to the latest signed head, into a new directory
  tenure audit export acme --tenant acme   only entries of one tenant, each with its proof

To verify it, anywhere and without a connection: tenure audit verify DIRECTORY --key KEY.`;

const verifyExamples = `
Examples:
  tenure audit verify ledger-2026-12 --key 'tenure/prod+1fa3c2b7+ASk…'
  tenure audit verify ledger-2026-12 --key-file log.pub

It needs no connection. Without a key, it trusts the keys in the export, which whoever made it has chosen.
Exits with 1 if anything is not as it was signed.`;

interface ExportOptions {
  readonly tenant?: string;
}

interface VerifyOptions {
  readonly key?: readonly string[];
  readonly keyFile?: string;
}

export function addAuditExport(audit: Command, context: CommandContext): void {
  audit
    .command('export')
    .summary('export the ledger with what proves it')
    .description('Export entries, signed heads and keys into a directory, for verification without a connection.')
    .argument('<directory>', 'a new directory')
    .option('--tenant <name|uid>', 'only entries of this tenant, each with its proof')
    .addHelpText('after', exportExamples)
    .action((directory: string, options: ExportOptions) => exportLog(directory, options, context));
  audit
    .command('verify')
    .summary('verify an export')
    .description(
      'Verify an export of the ledger: every entry, its place, each tenant’s sequence, and all signed heads.',
    )
    .argument('<directory>', 'the directory of an export')
    .option('--key <key...>', 'public key of the log, obtained through another channel')
    .option('--key-file <path>', 'file with public keys of the log, one per line')
    .addHelpText('after', verifyExamples)
    .action((directory: string, options: VerifyOptions) => verifyExport(directory, options, context));
}

function loggedEntries(api: ApiClient, size: number, tenant: string | undefined): AsyncGenerator<LoggedEntry> {
  const scope = { size, ...(tenant === undefined ? {} : { tenant }) };
  return itemsOf(async (paging) => (await api.call('listLogEntries', { query: { ...scope, ...paging } })).body);
}

/** All kept heads that are smaller than this. */
async function keptHeads(api: ApiClient, size: number): Promise<SignedHead[]> {
  const heads = await allItems(async (query) => (await api.call('listLogHeads', { query })).body);
  return heads.filter((head) => head.size < size);
}

async function exportLog(
  directory: string,
  { tenant }: ExportOptions,
  { terminal: { stderr, workingDirectory }, connect }: CommandContext,
): Promise<void> {
  const path = resolve(workingDirectory, directory);
  requireEmpty(path);
  const api = connect();
  const { signed, keys } = (await api.call('getLogHead')).body;
  if (signed === undefined)
    throw failureWithFix(
      'conflict',
      'nothing was signed yet, so nothing can be proven',
      'wait some seconds after the first change; if that does not help, the workers have no TENURE_LOG_KEY_FILE',
    );
  const count = await writeExport(path, {
    signed,
    earlier: tenant === undefined ? await keptHeads(api, signed.size) : [],
    keys,
    entries: loggedEntries(api, signed.size, tenant),
  });
  stderr.write(`exported ${count} entries up to a log of ${signed.size} into ${directory}\n`);
}

async function verifyExport(
  directory: string,
  { key = [], keyFile }: VerifyOptions,
  { terminal: { stdout, stderr, workingDirectory } }: CommandContext,
): Promise<void> {
  const exported = openExport(resolve(workingDirectory, directory));
  const trusted = [...key, ...(keyFile === undefined ? [] : readKeys(resolve(workingDirectory, keyFile)))];
  if (trusted.length === 0)
    stderr.write('warning: no --key was given, so the keys in the export are trusted; whoever made it chose them\n');
  const { heads, flaws: headFlaws } = openHeads(exported.notes, trusted.length > 0 ? trusted : exported.keys);
  const head = heads.at(-1);
  let verified: VerifiedLog | undefined;
  if (head !== undefined)
    verified = (await isOfOneTenant(exported))
      ? await verifyTenantEntries(exported.entries(), head)
      : await verifyLog(exported.entries(), heads);
  const flaws = [...headFlaws, ...(verified?.flaws ?? [])];
  for (const { index, message } of flaws) stdout.write(`${index === undefined ? '' : `entry ${index}: `}${message}\n`);
  if (flaws.length > 0 || verified === undefined)
    throw failureWithFix(
      'operationFailed',
      `the export is not what was signed: ${flaws.length} ${flaws.length === 1 ? 'flaw' : 'flaws'}`,
      'keep the export as evidence, export again, and compare',
    );
  stdout.write(
    `verified ${verified.entries} entries in ${verified.tenants} sequences against ${heads.length} signed heads of ${head?.origin ?? ''}, up to size ${head?.size ?? 0}\n`,
  );
}

/** Only entries of one tenant have proofs. */
async function isOfOneTenant({ entries }: ReadExport): Promise<boolean> {
  for await (const { proof } of entries()) return proof !== undefined;
  return false;
}
