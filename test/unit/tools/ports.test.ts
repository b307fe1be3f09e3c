import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fixedPorts, freePorts } from '../../../tools/stack/ports.ts';

test('the default ports hold, and a variable changes one', () => {
  assert.equal(fixedPorts({}).temporal, 7233);
  const ports = fixedPorts({ TENURE_PORT_API: '9090', TENURE_PORT_TEMPORAL: '' });
  assert.equal(ports.api, 9090);
  assert.equal(ports.temporal, 7233);
});

test('a value that is no port is refused by the name of its variable', () => {
  for (const value of ['x', '0', '70000', '1.5']) {
    assert.throws(() => fixedPorts({ TENURE_PORT_API: value }), /TENURE_PORT_API=.* is not a port; set it to a number/);
  }
});

test('one port for two parts is refused before anything starts', () => {
  assert.throws(
    () => fixedPorts({ TENURE_PORT_API: '9465' }),
    /port 9465 is given to both TENURE_PORT_API and TENURE_PORT_WORKER_OPS/,
  );
});

test('free ports are all different', async () => {
  const ports = Object.values(await freePorts());
  assert.equal(new Set(ports).size, ports.length);
});
