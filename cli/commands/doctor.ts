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
  tenure doctor                            one check a line: ok, warning, problem or skipped, with the fix
  tenure --context prod doctor
  tenure doctor -o json

Nothing is changed. Ends with 0 also when there are warnings; with problems by the worst of them: 2 the settings, 5 the token, 8 the API.`;

export function addDoctor(program: Command, context: CommandContext): void {
  program
    .command('doctor')
    .summary('check settings, token and API one by one')
    .description('Check settings, token and API one by one, and say what to do about each problem.')
    .addOption(outputOption(['table', 'json', 'yaml']))
    .addHelpText('after', examples)
    .action(({ output }: { readonly output: Exclude<OutputFormat, 'name'> }) => diagnose(output, context));
}

async function diagnose(
  output: Exclude<OutputFormat, 'name'>,
  { terminal: { stdout, paintOut, interrupted }, sources, trust, connect }: CommandContext,
): Promise<void> {
  const findings: Finding[] = [];
  const tell = (found: readonly Finding[]): void => {
    findings.push(...found);
    // One by one, for a check may take its time.
    if (output === 'table') stdout.write(found.map((finding) => renderFinding(finding, paintOut)).join(''));
  };
  const { findings: local, server, token, caFile } = checkLocally(sources());
  tell(local);
  trust(caFile);
  if (server === undefined) tell([skipped('API', 'its address is not known')]);
  else {
    const remote = await checkApi(server.value, interrupted);
    tell(remote);
    const answers = remote.some(({ check, status }) => check === 'reachable' && status === 'ok');
    tell(
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
