import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { after, describe, test } from 'node:test';

import { fixedPorts, freePorts, requireFree } from '../../../tools/stack/ports.ts';

const children: ChildProcess[] = [];
describe('ports', () => {
  after(() => children.forEach((child) => child.kill()));

  test('the default ports apply, and a variable changes one', () => {
    assert.equal(fixedPorts({}).temporal, 7233);
    const ports = fixedPorts({ TENURE_PORT_API: '9090', TENURE_PORT_TEMPORAL: '' });
    assert.equal(ports.api, 9090);
    assert.equal(ports.temporal, 7233);
  });

  test('a value that is not a port is refused with the name of its variable', () => {
    for (const value of ['x', '0', '70000', '1.5']) {
      assert.throws(
        () => fixedPorts({ TENURE_PORT_API: value }),
        /TENURE_PORT_API=.* is not a port; set it to a number/,
      );
    }
  });

  test('one port for two parts is refused before anything starts', () => {
    assert.throws(
      () => fixedPorts({ TENURE_PORT_API: '9465' }),
      /TENURE_PORT_API and TENURE_PORT_WORKER_OPS both use port 9465/,
    );
  });

  test('a port is reserved only once, even if no process listens on it yet', async () => {
    const inAnotherProcess = async (): Promise<number[]> => {
      const script = `import { freePorts } from ${JSON.stringify(new URL('../../../tools/stack/ports.ts', import.meta.url).href)}; console.log(JSON.stringify(Object.values(await freePorts()))); process.stdin.resume();`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      children.push(child);
      const [printed] = (await once(child.stdout, 'data')) as [Buffer];
      return JSON.parse(printed.toString('utf8')) as number[];
    };
    const given = (
      await Promise.all([
        ...Array.from({ length: 4 }, inAnotherProcess),
        ...Array.from({ length: 60 }, async () => Object.values(await freePorts())),
      ])
    ).flat();
    assert.equal(new Set(given).size, given.length);
  });

  test('a port in use is reported with its process and the fix', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await assert.rejects(requireFree({ ...(await freePorts()), api: port }, ['api']), ({ message }: Error) => {
        assert.ok(message.startsWith(`port ${port} for the API is in use by process ${process.pid} (`), message);
        assert.ok(message.endsWith('; stop that process or set TENURE_PORT_API to a free port'), message);
        return true;
      });
    } finally {
      server.close();
    }
  });
});
