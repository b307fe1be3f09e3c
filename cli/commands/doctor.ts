import type { Command } from 'commander';
import type { CommandContext } from '../command-context.ts';
import { renderFinding, skipped } from '../doctor/finding.ts';
import type { Finding } from '../doctor/finding.ts';
import { checkLocally } from '../doctor/local-checks.ts';
import { checkApi, checkCaller } from '../doctor/remote-checks.ts';
import { CliFailure, joinFailures } from '../failure.ts';
import { outputOption, renderObject } from '../resources/print.ts';
import type { OutputFormat } from '../resources/print.ts';

const examples = `
Examples:
  tenure doctor                            one check per line: ok, warning, problem or skipped, with the fix
  tenure --context prod doctor
  tenure doctor -o json

Changes nothing. Exits with 0 if there are only warnings, otherwise with the code of the worst problem: 2 settings, 5 token, 8 API.`;

export function addDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .summary('check the settings, the token and the API')
    .description('Check the settings, the token and the API one by one, and print a fix for each problem.')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action(({ output }: { readonly output: Exclude<OutputFormat, 'name'> }) => diagnose(output, context));
}

async function diagnose(
  output: Exclude<OutputFormat, 'name'>,
  { terminal: { stdout, paintOut, interrupted }, sources, trust, connect }: CommandContext,
): Promise<void> {
  const findings: Finding[] = [];
  const report = (found: readonly Finding[]): void => {
    findings.push(...found);
    // Print at once, because a check may take a while.
    if (output === 'table') stdout.write(found.map((finding) => renderFinding(finding, paintOut)).join(''));
  };
  const { findings: local, server, token, caFile } = checkLocally(sources());
  report(local);
  trust(caFile);
  if (server === undefined) report([skipped('API', 'its address is not known')]);
  else {
    const remote = await checkApi(server.value, interrupted);
    report(remote);
    const answers = remote.some(({ check, status }) => check === 'reachable' && status === 'ok');
    report(
      token === undefined || !answers
        ? [skipped('caller', token === undefined ? 'there is no token' : 'the API does not answer')]
        : await checkCaller(connect({ retryForMs: 0 })),
    );
  }
  if (output !== 'table')
    stdout.write(
      renderObject(output, {
        checks: findings.map(({ check, status, found, fix }) => ({
          check,
          status,
          found,
          ...(fix === undefined ? {} : { fix }),
        })),
      }),
    );
  const failures = findings.flatMap(({ exit }) => (exit === undefined ? [] : [new CliFailure(exit, '')]));
  if (failures.length > 0) throw new CliFailure(joinFailures(failures).exit, '');
}
