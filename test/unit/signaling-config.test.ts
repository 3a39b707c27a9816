import { expect } from 'chai';
import { readConfig } from '../../signaling/adapters/config.ts';
import { isLoopback, originAllowed } from '../../signaling/adapters/origins.ts';
import {
  addressKey,
  createBucket,
  createBuckets,
  networkKey,
} from '../../signaling/adapters/rates.ts';
import { startSignaling } from '../../signaling/adapters/server.ts';

function failure(environment: Record<string, string>, args: string[] = []): string {
  try {
    readConfig(environment, args);
  } catch (error) {
    const { code, message } = error as { code: string; message: string };
    return `${code} ${message}`;
  }
  return 'accepted';
}

describe('signaling configuration', () => {
  it('has defaults, reads the environment, and lets arguments win', () => {
    expect(readConfig({ PATH: '/bin' }, [])).to.deep.include({
      port: 8_080,
      key: undefined,
      origins: undefined,
    });
    const edges: object[] = [{ edgeId: 'e1', baseUrl: 'https://edge.example/live/' }];
    edges.push({
      ...{ edgeId: 'e2', baseUrl: 'https://e2.example/', name: 'south', rooms: ['room'] },
      ...{ region: 'eu', kpis: { bandwidth: '1 Gbps' }, costPerGigabyte: 0.1, role: 'spare' },
    });
    const streams = { room: 'https://tv.example/main.m3u8' };
    const iceServers = [{ urls: ['turn:turn.example'], username: 'u', credential: 'c' }];
    const config = readConfig(
      {
        HOLDFAST_HOST: '0.0.0.0',
        HOLDFAST_PORT: '1',
        HOLDFAST_ORIGINS: 'https://a.example, http://localhost:3000',
        HOLDFAST_EDGES: JSON.stringify(edges),
        HOLDFAST_ICE: JSON.stringify(iceServers),
        HOLDFAST_STREAMS: JSON.stringify(streams),
      },
      ['--port', '2'],
    );
    expect(config).to.deep.include({
      host: '0.0.0.0',
      port: 2,
      origins: ['https://a.example', 'http://localhost:3000'],
      edges,
      iceServers,
      streams,
    });
  });

  it('names the variable that cannot work, and never quotes a secret', () => {
    expect(failure({ HOLDFAST_PORT: '-1' })).to.match(/^config_invalid HOLDFAST_PORT/);
    expect(failure({}, ['--port', 'x'])).to.match(/^config_invalid --port/);
    expect(failure({}, ['stray'])).to.match(/^config_invalid arguments/);
    expect(failure({ HOLDFAST_EDGE: '[]' })).to.match(/^config_invalid HOLDFAST_EDGE: unknown/);
    expect(failure({ HOLDFAST_ORIGINS: 'https://a.example/path' })).to.match(
      /^config_invalid HOLDFAST_ORIGINS/,
    );
    expect(failure({ HOLDFAST_ORIGINS: 'a.example' })).to.match(/^config_invalid HOLDFAST_ORIGINS/);
    expect(failure({ HOLDFAST_ADDRESS_HEADER: 'a b' })).to.match(
      /^config_invalid HOLDFAST_ADDRESS_HEADER/,
    );
    expect(failure({ HOLDFAST_EDGES: '[{"edgeId":"e","baseUrl":"nowhere"}]' })).to.match(
      /HOLDFAST_EDGES: 0.baseUrl/,
    );
    expect(
      failure({ HOLDFAST_EDGES: '[{"edgeId":"e","baseUrl":"https://e/","load":1}]' }),
    ).to.match(/HOLDFAST_EDGES: 0.load/);
    const kpis = { bandwidth: 'lots' };
    const wrong = [{ edgeId: 'fra-1', baseUrl: 'https://e/', kpis }];
    expect(failure({ HOLDFAST_EDGES: JSON.stringify(wrong) })).to.match(
      /HOLDFAST_EDGES: fra-1: bandwidth/,
    );
    expect(failure({ HOLDFAST_STREAMS: '{"room":"https://u:p@tv.example/"}' })).to.match(
      /^config_invalid HOLDFAST_STREAMS: room/,
    );
    const ice = failure({ HOLDFAST_ICE: '[{"urls":"stun:x","credential":"hunter2"' });
    expect(ice)
      .to.match(/^config_invalid HOLDFAST_ICE/)
      .and.not.include('hunter2');
    expect(failure({ HOLDFAST_ICE: '[{"urls":"http://x"}]' })).to.match(
      /^config_invalid HOLDFAST_ICE/,
    );
  });

  for (const [name, options, code] of [
    ['without a key off loopback', { host: '0.0.0.0' }, 'key_required'],
    [
      'with a private key',
      { key: '{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}' },
      'key_invalid',
    ],
    ['with a key that is no JWK', { key: '{"kty":' }, 'key_invalid'],
    ['with a short resume secret', { resumeSecret: 'short' }, 'key_invalid'],
  ] as const) {
    it(`does not start ${name}`, async () => {
      const result = await startSignaling(options).catch((error: unknown) => error);
      expect(result).to.include({ code });
    });
  }

  it('says when the port is taken, and refuses tokens that live too long or for nobody', async () => {
    const server = await startSignaling();
    expect(server.keyGenerated).to.equal(true);
    const second = await startSignaling({ port: server.port }).catch((error: unknown) => error);
    expect(second).to.include({ code: 'listen_failed' });
    for (const request of [
      { room: 'r', subject: 's', lifetimeSeconds: 3_601 },
      { room: 'r', subject: 's', lifetimeSeconds: 0 },
      { room: 'r', subject: '', lifetimeSeconds: 60 },
    ]) {
      const issued = await server.issueToken(request).catch((error: unknown) => error);
      expect(issued).to.include({ code: 'config_invalid' });
    }
    await server.close();
  });
});

describe('signaling origins', () => {
  it('knows loopback by every name and nothing else', () => {
    for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '[::1]', 'LOCALHOST']) {
      expect(isLoopback(host), host).to.equal(true);
    }
    for (const host of [
      '0.0.0.0',
      '::',
      '10.0.0.1',
      'localhost.example',
      '127.0.0.1.example',
      '127.1.example',
    ]) {
      expect(isLoopback(host), host).to.equal(false);
    }
  });

  it('allows by list, or this machine without one', () => {
    expect(originAllowed(undefined, [])).to.equal(true);
    expect(originAllowed('http://localhost:5173', null)).to.equal(true);
    expect(originAllowed('http://[::1]:5173', null)).to.equal(true);
    expect(originAllowed('null', null)).to.equal(false);
    expect(originAllowed('https://localhost.evil.example', null)).to.equal(false);
    expect(originAllowed('https://tv.example', ['https://tv.example'])).to.equal(true);
    expect(originAllowed('https://tv.example:8443', ['https://tv.example'])).to.equal(false);
    expect(originAllowed('https://any.example', ['*'])).to.equal(true);
  });
});

describe('signaling rates', () => {
  it('lets a burst through, then the rate', () => {
    const bucket = createBucket(10, 3, 0);
    expect([0, 0, 0, 0].map((atMs) => bucket.take(atMs))).to.deep.equal([true, true, true, false]);
    expect(bucket.take(99)).to.equal(false);
    expect(bucket.take(201)).to.equal(true);
    expect([9_000, 9_000, 9_000, 9_000].map((atMs) => bucket.take(atMs))).to.deep.equal([
      true,
      true,
      true,
      false,
    ]);
  });

  it('remembers so many keys and forgets the longest unseen', () => {
    const buckets = createBuckets(0.001, 1, 2);
    expect(buckets.take('a', 0)).to.equal(true);
    expect(buckets.take('b', 0)).to.equal(true);
    expect(buckets.take('a', 0)).to.equal(false);
    expect(buckets.take('c', 0)).to.equal(true);
    expect(buckets.take('a', 0)).to.equal(false);
    expect(buckets.take('b', 0)).to.equal(true);
  });

  it('takes a whole IPv6 /64 as one address', () => {
    expect(addressKey('2001:db8::1')).to.equal(addressKey('2001:db8:0:0:ffff::2'));
    expect(addressKey('2001:db8:0:1::1')).not.to.equal(addressKey('2001:db8::1'));
    expect(addressKey('::ffff:192.0.2.1')).to.equal('192.0.2.1');
    expect(addressKey('::1')).to.equal('0:0:0:0');
  });

  it('takes an IPv4 /24 and an IPv6 /48 as one network', () => {
    expect(networkKey('192.0.2.1')).to.equal(networkKey('::ffff:192.0.2.200'));
    expect(networkKey('192.0.2.1')).not.to.equal(networkKey('192.0.3.1'));
    expect(networkKey('2001:db8:1:2::1')).to.equal(networkKey('2001:db8:1:3::1'));
    for (const same of ['2001:DB8:0001::7', '[2001:db8:1::7]:4711', '2001:0db8:01:0:0:0:0:7'])
      expect(networkKey(same), same).to.equal(networkKey('2001:db8:1::1'));
    for (const same of ['192.0.2.7:4711', '::FFFF:192.0.2.7', '[::ffff:192.0.2.7]:80'])
      expect(networkKey(same), same).to.equal(networkKey('192.0.2.1'));
    expect(networkKey('2001:db8:1::1')).not.to.equal(networkKey('2001:db8:2::1'));
  });
});
