import { expect } from 'chai';
import { createPeerLinks } from '../../sdk/adapters/peer-link.ts';
import type { PeerLinkEvents, PeerLinkOptions } from '../../sdk/ports/peer-link.ts';
import { describePeerLinks, type PeerLinksUnderTest } from '../contract/peer-link.contract.ts';

describePeerLinks('WebRTC', watchPage);

describe('peer links over WebRTC', () => {
  let page: ReturnType<typeof watchPage>;
  let signals: Record<string, unknown>[];
  let log: string[];
  beforeEach(() => {
    page = watchPage();
    signals = [];
    log = [];
  });
  afterEach(() => page.dispose());

  const plain: PeerLinkOptions = { initiator: true, iceServers: [], relayOnly: false };
  const events: PeerLinkEvents = {
    onSignal: (signal) => signals.push(signal),
    onOpen: () => log.push('open'),
    onControl: () => {},
    onMedia: () => {},
    onMediaDrained: () => {},
    onClose: () => log.push('close'),
  };

  it('asks no server that it was not given', async () => {
    const link = page.links.create(plain, events);
    await until(() => signals.length > 1);
    expect(page.connections[0]?.getConfiguration()).to.deep.include({
      iceServers: [],
      iceTransportPolicy: 'all',
    });
    link.close();
  });

  it('offers no address of its own when it may only use relays', async () => {
    const link = page.links.create({ ...plain, relayOnly: true }, events);
    await until(() => page.connections[0]?.iceGatheringState === 'complete');
    expect(page.connections[0]?.getConfiguration().iceTransportPolicy).to.equal('relay');
    expect(signals.map(({ type }) => type)).to.deep.equal(['offer']);
    link.close();
  });

  it('closes when the browser refuses the servers', async () => {
    page.links.create({ ...plain, iceServers: [{ urls: 'nonsense' }] }, events);
    await until(() => log.length > 0);
    await pause(50);
    expect(log).to.deep.equal(['close']);
  });

  it('is not available, and closes, without WebRTC', async () => {
    const { RTCPeerConnection: Real } = globalThis;
    Object.assign(globalThis, { RTCPeerConnection: undefined });
    try {
      expect(page.links.available).to.equal(false);
      page.links.create(plain, events);
      await until(() => log.length > 0);
      await pause(50);
    } finally {
      Object.assign(globalThis, { RTCPeerConnection: Real });
    }
    expect(log).to.deep.equal(['close']);
  });

  it('outlives candidates of an earlier attempt', async () => {
    const earlier = await openPair();
    for (const { link } of earlier) link.close();
    const [caller, callee] = await openPair();
    for (const stale of earlier[1].candidates) caller.link.signal(stale);
    for (const stale of earlier[0].candidates) callee.link.signal(stale);
    await pause(100);
    expect(earlier[0].candidates).to.not.have.lengthOf(0);
    expect([caller.closed(), callee.closed()]).to.deep.equal([false, false]);
    caller.link.close();
  });

  it('counts as closed two seconds after ICE lost the other side, unless it is back', async () => {
    const [caller, callee] = await openPair();
    const [ours] = page.connections as [RTCPeerConnection];
    const say = (state: RTCIceConnectionState) => {
      Object.defineProperty(ours, 'iceConnectionState', { value: state, configurable: true });
      ours.dispatchEvent(new Event('iceconnectionstatechange'));
    };
    say('disconnected');
    await pause(1_000);
    say('connected');
    await pause(2_100);
    expect(caller.closed()).to.equal(false);
    say('disconnected');
    await pause(1_900);
    expect(caller.closed()).to.equal(false);
    await until(() => caller.closed());
    await until(() => callee.closed());
    await until(() => page.countLeftovers() === 0);
  });

  interface Opened {
    link: ReturnType<typeof page.links.create>;
    candidates: Record<string, unknown>[];
    closed: () => boolean;
  }

  async function openPair(): Promise<[Opened, Opened]> {
    let openCount = 0;
    const make = (initiator: boolean): Opened => {
      const candidates: Record<string, unknown>[] = [];
      let closed = false;
      const link = page.links.create(
        { ...plain, initiator },
        {
          ...events,
          onSignal: (signal) => {
            if (signal.type === 'candidate') candidates.push(signal);
            (initiator ? callee : caller).link.signal(signal);
          },
          onOpen: () => {
            openCount += 1;
          },
          onClose: () => {
            closed = true;
          },
        },
      );
      return { link, candidates, closed: () => closed };
    };
    const [caller, callee] = [make(true), make(false)];
    await until(() => openCount === 2);
    return [caller, callee];
  }
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(done: () => boolean): Promise<void> {
  while (!done()) await pause(5);
}

/** Watches while a test runs: connections, timers, listeners of the page, and words on the console. */
function watchPage(): PeerLinksUnderTest & { connections: RTCPeerConnection[] } {
  const connections: RTCPeerConnection[] = [];
  const timers = new Set<unknown>();
  const listeners = new Set<unknown>();
  const noise: string[] = [];
  const { prototype } = RTCPeerConnection;
  const { createDataChannel } = prototype;
  // The class itself is out of reach: simple-peer takes it when it is loaded.
  prototype.createDataChannel = function (label, options) {
    if (!connections.includes(this)) connections.push(this);
    return createDataChannel.call(this, label, options);
  };
  const unwatchTimers = watchTimers(timers);
  const before = { ...console };
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    console[level] = (...words: unknown[]) => noise.push(words.join(' '));
  }
  const onUnhandled = ({ reason }: PromiseRejectionEvent) => noise.push(`unhandled: ${reason}`);
  addEventListener('unhandledrejection', onUnhandled);
  const unwatchListeners = watchListeners(listeners);
  return {
    connections,
    links: createPeerLinks(),
    countLeftovers: () =>
      timers.size +
      listeners.size +
      connections.filter(({ signalingState }) => signalingState !== 'closed').length,
    dispose: () => {
      prototype.createDataChannel = createDataChannel;
      unwatchTimers();
      unwatchListeners();
      Object.assign(console, before);
      removeEventListener('unhandledrejection', onUnhandled);
      for (const connection of connections) connection.close();
      expect(noise).to.deep.equal([]);
    },
  };
}

/** Keeps `timers` to those that run. */
function watchTimers(timers: Set<unknown>): () => void {
  const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
  Object.assign(globalThis, {
    setTimeout: (run: (...values: unknown[]) => void, ms: number, ...values: unknown[]) => {
      const timer = setTimeout(() => {
        timers.delete(timer);
        run(...values);
      }, ms);
      timers.add(timer);
      return timer;
    },
    setInterval: (run: () => void, ms: number) => {
      const timer = setInterval(run, ms);
      timers.add(timer);
      return timer;
    },
    clearTimeout: (timer: number) => {
      timers.delete(timer);
      clearTimeout(timer);
    },
    clearInterval: (timer: number) => {
      timers.delete(timer);
      clearInterval(timer);
    },
  });
  return () => Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
}

/** Keeps `listeners` to those that the page has. */
function watchListeners(listeners: Set<unknown>): () => void {
  const { addEventListener: add, removeEventListener: remove } = globalThis;
  Object.assign(globalThis, {
    addEventListener: (name: string, listener: EventListener) => {
      listeners.add(listener);
      add(name, listener);
    },
    removeEventListener: (name: string, listener: EventListener) => {
      listeners.delete(listener);
      remove(name, listener);
    },
  });
  return () => Object.assign(globalThis, { addEventListener: add, removeEventListener: remove });
}
