import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { parseEnv } from 'node:util';
import { DCLinter } from 'dclint';
import { parse } from 'yaml';
import { apiSettings, readApiConfig, readWorkerConfig, workerSettings } from '../../../platform/config.ts';
import { readCells, readJwks, readKeyring } from '../../../platform/config-files.ts';
import { writeInstallationFiles } from '../../../tools/containers/installation-files.ts';
import { cells } from '../../../tools/stack/embedded-stack.ts';
import { mongodParameters, replicaSetNames } from '../../../tools/stack/mongod.ts';
import { dynamicConfig } from '../../../tools/stack/temporal-server.ts';
import { searchAttributeNames } from '../../../contracts/search-attributes.ts';
import { tokenAudience, tokenIssuer } from '../../../tools/stack/token-issuer.ts';
import { versions } from '../../../tools/toolchain/sources.ts';
import { clone, readComposeFile } from '../../harness/compose-file.ts';
import type { Service } from '../../harness/compose-file.ts';
import { lineage, readDockerfile } from '../../harness/dockerfile.ts';

const compose = readComposeFile();
const services = Object.entries(compose.services);
const stages = readDockerfile(readFileSync(join(clone, 'deploy', 'Dockerfile'), 'utf8'));
const directory = mkdtempSync(join(tmpdir(), 'tenure-containers-'));
describe('compose', () => {
  before(() => writeInstallationFiles(directory));
  after(() => rmSync(directory, { recursive: true, force: true }));

  /** The file in the directory of this test that the container sees as `/run/secrets/<secret>`. */
  const secretFile = (secret: string): string =>
    join(directory, compose.secrets[secret]!.file.replace('./.tenure/containers/', ''));

  /** The whole environment of a process: from the image, the service and the file of secret settings. */
  function environmentOf({ build, environment = {}, secrets = [] }: Service): Record<string, string> {
    const image = Object.fromEntries(
      lineage(stages, build!.target).flatMap((stage) => Object.entries(stage.environment)),
    );
    const secret = secrets.includes('tenure.env')
      ? (parseEnv(readFileSync(secretFile('tenure.env'), 'utf8')) as Record<string, string>)
      : {};
    return { ...secret, ...image, ...environment };
  }

  /** What the specification, and rules that are not a matter of style, find wrong in a Compose file. */
  function flawsOf(path: string): string[] {
    // The package's type declarations import files without extensions, which Node's resolution does not find.
    const results: readonly {
      readonly messages: readonly { readonly type: string; readonly rule: string; readonly message: string }[];
    }[] = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] }).lintFiles([path], false);
    return results
      .flatMap(({ messages }) => messages)
      .flatMap(({ type, rule, message }) => (type === 'error' ? [`${rule}: ${message}`] : []));
  }

  test('docker-compose.yml conforms to the Compose specification', () => {
    assert.deepEqual(flawsOf(join(clone, 'docker-compose.yml')), []);
    const flawed = join(directory, 'docker-compose.yml');
    writeFileSync(flawed, 'services:\n  api:\n    imag: x\n');
    assert.match(flawsOf(flawed).join(), /invalid-schema/);
  });

  for (const [name, settings, read] of [
    ['api', apiSettings, readApiConfig],
    ['worker', workerSettings, readWorkerConfig],
  ] as const) {
    test(`the environment of ${name} is complete, has no unknown setting, and names only its own secrets`, () => {
      const service = compose.services[name]!;
      const environment = environmentOf(service);
      const unknown = Object.keys(environment).filter(
        (variable) => variable.startsWith('TENURE_') && !Object.hasOwn(settings.shape, variable),
      );
      assert.deepEqual(unknown, []);
      const config: Record<string, unknown> = read(environment);
      for (const [variable, value] of Object.entries(config).filter(([variable]) => variable.endsWith('_FILE'))) {
        const [, secret = ''] = /^\/run\/secrets\/(.+)$/.exec(String(value)) ?? [];
        assert.ok(
          service.secrets?.includes(secret),
          `${variable} names ${String(value)}, which is not a secret of the service`,
        );
      }
      assert.equal(config['TENURE_POLICY_BUNDLE'], '/app/policies/dist');
    });
  }

  test('the processes can read the generated files, which name the deployments of docker-compose.yml', () => {
    for (const ring of ['keyring.json', 'codec-keyring.json'])
      assert.equal(readKeyring(ring, secretFile(ring), 'any').keys.size, 1);
    assert.equal(readJwks(secretFile('jwks.json')).keys.length, 1);
    assert.deepEqual([...readCells(secretFile('cells.json'), 'any').keys()], Object.keys(cells));
    const uris = [...readCells(secretFile('cells.json'), 'any').values()].map(({ uri }) => uri);
    for (const uri of [...uris, environmentOf(compose.services['api']!)['TENURE_CONTROL_URI']!]) {
      const { hostname, searchParams } = new URL(uri);
      const command = compose.services[hostname]?.command ?? [];
      assert.ok(
        command.includes(`--replSet=${searchParams.get('replicaSet')}`),
        `${hostname} is not a deployment of this replica set`,
      );
    }
    assert.deepEqual(
      [
        environmentOf(compose.services['api']!)['TENURE_JWT_ISSUER'],
        environmentOf(compose.services['api']!)['TENURE_JWT_AUDIENCE'],
      ],
      [tokenIssuer, tokenAudience],
    );
  });

  test('a second run keeps every secret; only the owner can open the directory and its private files', async () => {
    const kept = [
      'mongod.key',
      'keyring.json',
      'codec-keyring.json',
      'mongod-passwords.json',
      'issuer.json',
      'temporal-db-password',
      'tenure.env',
    ];
    const read = (): string[] => kept.map((file) => readFileSync(join(directory, file), 'utf8'));
    const first = read();
    await writeInstallationFiles(directory);
    assert.deepEqual(read(), first);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    for (const file of ['issuer.json', 'operator.token', 'context.json'])
      assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
  });

  test('every secret, volume, network and service that is named exists, and so does every mounted file', () => {
    for (const secret of Object.keys(compose.secrets))
      assert.ok(existsSync(secretFile(secret)), `nothing creates the secret ${secret}`);
    for (const [name, { secrets = [], volumes = [], networks = [], network_mode, depends_on = {} }] of services) {
      for (const secret of secrets) assert.ok(Object.hasOwn(compose.secrets, secret), `${name}: secret ${secret}`);
      for (const network of networks)
        assert.ok(Object.hasOwn(compose.networks, network), `${name}: network ${network}`);
      for (const volume of volumes.map((mount) => mount.split(':')[0]!)) {
        assert.ok(
          volume.startsWith('./') ? existsSync(join(clone, volume)) : Object.hasOwn(compose.volumes, volume),
          `${name}: volume ${volume}`,
        );
      }
      for (const other of [
        ...Object.keys(depends_on),
        ...(network_mode === undefined ? [] : [network_mode.replace('service:', '')]),
      ]) {
        assert.ok(Object.hasOwn(compose.services, other), `${name} needs ${other}`);
      }
      assert.ok(networks.length > 0 || network_mode !== undefined, `${name} would be in the default network`);
    }
    const used = services.flatMap(([, { secrets = [] }]) => secrets);
    assert.deepEqual(
      Object.keys(compose.secrets).filter((secret) => !used.includes(secret)),
      [],
    );
  });

  test('no secret has a default or is written into the file', () => {
    assert.doesNotMatch(readFileSync(join(clone, 'docker-compose.yml'), 'utf8'), /\$\{|mongodb:\/\//);
    for (const [name, { environment = {} }] of services) {
      const passwords = Object.keys(environment).filter(
        (variable) =>
          /PASSWORD|PWD|SECRET|TOKEN/.test(variable) &&
          !variable.endsWith('_FILE') &&
          variable !== 'TENURE_SECRET_FILE_ACCESS',
      );
      assert.deepEqual(passwords, [], name);
    }
  });

  test('each service has a health check, or it ends and others wait for its end', () => {
    for (const [name, { healthcheck, build }] of services) {
      const waitedFor = services
        .map(([, { depends_on = {} }]) => depends_on[name]?.condition)
        .filter((condition) => condition !== undefined);
      if (healthcheck?.disable === true) {
        assert.ok(
          waitedFor.length > 0 && waitedFor.every((condition) => condition === 'service_completed_successfully'),
          `${name} has no health check, and no service waits for its end`,
        );
      } else {
        assert.ok(
          healthcheck?.test !== undefined ||
            lineage(stages, build?.target ?? '').some((stage) => stage.healthCheck !== undefined),
          `${name} has no health check`,
        );
        assert.ok(
          waitedFor.every((condition) => condition === 'service_healthy'),
          `${name} never ends; wait until it is healthy`,
        );
      }
    }
  });

  test('images are pinned to a release; mongod has the release that this project runs elsewhere', () => {
    for (const [name, { image, build, restart }] of services) {
      if (build === undefined) assert.match(image ?? '', /^[\w./-]+:\d+\.\d+(\.\d+)?(-[\w.]+)?$/, name);
      else
        assert.ok(
          stages.some((stage) => stage.name === build.target),
          `${name} is built from a stage that does not exist`,
        );
      assert.ok(restart !== undefined, `${name} does not say when it is restarted`);
    }
    for (const name of replicaSetNames) assert.equal(compose.services[name]?.image, `mongo:${versions.mongod}`);
  });

  test('only the API and the UI are published, and only on this machine; databases are in internal networks', () => {
    const published = services.filter(([, { ports = [] }]) => ports.length > 0);
    assert.deepEqual(
      published.map(([name]) => name),
      ['proxy', 'temporal-ui'],
    );
    for (const [name, { ports = [] }] of published)
      for (const port of ports) assert.match(port, /^127\.0\.0\.1:/, name);
    for (const name of [...replicaSetNames, 'temporal-db', 'temporal']) {
      for (const network of compose.services[name]!.networks ?? [])
        assert.equal(compose.networks[network]?.internal, true, `${name} is in ${network}`);
    }
  });

  test('each mongod runs with authentication and the parameters of an embedded mongod', () => {
    for (const name of replicaSetNames) {
      const { command = [] } = compose.services[name]!;
      for (const argument of ['--auth', '--keyFile=/tmp/mongod.key', '--noscripting', `--replSet=${name}`])
        assert.ok(command.includes(argument), `${name} lacks ${argument}`);
      const parameters = command
        .filter((argument) => argument.startsWith('--setParameter='))
        .map((argument) => argument.replace('--setParameter=', ''));
      assert.deepEqual(
        parameters,
        Object.entries(mongodParameters(name)).map(([parameter, value]) => `${parameter}=${value}`),
      );
      const setUp = compose.services[`set-up-${name}`]!;
      assert.deepEqual(
        [setUp.network_mode, setUp.command?.slice(0, 3)],
        [`service:${name}`, [name === 'control' ? 'control' : 'cell', name, `${name}:27017`]],
      );
    }
  });

  test('Temporal has the configuration of the embedded server', () => {
    const configured = parse(readFileSync(join(clone, 'deploy', 'temporal', 'dynamic-config.yaml'), 'utf8')) as Record<
      string,
      [{ value: number }]
    >;
    assert.deepEqual(
      Object.fromEntries(Object.entries(configured).map(([key, [{ value }]]) => [key, value])),
      dynamicConfig,
    );
    const [, names] =
      /^for name in (.*); do$/m.exec(readFileSync(join(clone, 'deploy', 'temporal', 'set-up-namespace.sh'), 'utf8')) ??
      [];
    assert.deepEqual(names?.split(' '), Object.values(searchAttributeNames));
  });
});
