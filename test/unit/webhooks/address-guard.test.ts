import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createAddressGuard } from '../../../engines/webhooks/address-guard.ts';
import { AddressForbidden, allowedAddress } from '../../../engines/webhooks/allowed-address.ts';

const guard = createAddressGuard([]);

const refused = [
  '0.0.0.0',
  '10.0.0.1',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '168.63.129.16',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.0.2.1',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::7f00:1',
  '::ffff:127.0.0.1',
  '::ffff:10.0.0.1',
  '::ffff:93.184.216.34',
  '64:ff9b::7f00:1',
  '64:ff9b:1::7f00:1',
  '2002:7f00:1::',
  '2001:0:7f00:1::',
  '2001:db8::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '100::1',
  'localhost',
  '',
];

describe('addresses that are not connected to:', () => {
  for (const address of refused) it(address, () => assert.equal(guard.allows(address), false));
});

describe('addresses that are connected to:', () => {
  for (const address of ['93.184.216.34', '8.8.8.8', '172.32.0.1', '2606:2800:220:1:248:1893:25c8:1946'])
    it(address, () => assert.equal(guard.allows(address), true));

  it('those of allowed ranges, also in the form of IPv6', () => {
    const own = createAddressGuard(['10.1.0.0/16', 'fd12::/16']);
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd12::1']) assert.equal(own.allows(address), true, address);
    for (const address of ['10.2.0.1', '127.0.0.1', 'fd13::1']) assert.equal(own.allows(address), false, address);
  });
});

describe('a host', () => {
  const hostOf = (url: string): string => new URL(url).hostname;

  for (const url of [
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
    'https://[0:0:0:0:0:ffff:127.0.0.1]/',
    'https://①②⑦.0.0.1/',
    'https://0/',
  ])
    it(`${url} is refused without a look-up`, async () => {
      const lookUp = (): never => assert.fail('a literal address needs no look-up');
      await assert.rejects(allowedAddress(hostOf(url), guard, lookUp), AddressForbidden);
    });

  it('is refused if one of its addresses is forbidden', async () => {
    const lookUp = async () => ['93.184.216.34', '10.0.0.1'];
    await assert.rejects(allowedAddress('example.com', guard, lookUp), AddressForbidden);
  });

  it('is refused if it has no address', async () => {
    await assert.rejects(
      allowedAddress('example.com', guard, async () => []),
      AddressForbidden,
    );
  });

  it('gives the address that was checked', async () => {
    assert.equal(await allowedAddress('example.com', guard, async () => ['93.184.216.34']), '93.184.216.34');
  });
});
