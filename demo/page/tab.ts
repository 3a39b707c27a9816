/** One tab of several: a viewer, and what all tabs of this browser get from where. */
import { byId, make, setText } from './dom.ts';
import { randomId } from './page-id.ts';
import { fetchState } from './servers.ts';
import { TabLine, type TabReading, type TabSeen } from './tab-line.ts';
import { count, megabytes, reasonWords, seconds } from './text.ts';
import { Viewer } from './viewer.ts';

const tickMs = 500;
const rateOverMs = 20_000;
const hangMs = 8_000;
const query = new URLSearchParams(location.search);
const room = /^[\w-]{1,64}$/.exec(query.get('room') ?? '')?.[0] ?? 'tabs';

const roleWords = {
  master: 'gets the stream from the network',
  secondary: 'is fed, and stands by to take over',
  slave: 'is fed',
} as const;

/** Bytes of the last seconds. */
class Recent {
  #entries: { atMs: number; bytes: number }[] = [];

  add(bytes: number): void {
    if (bytes > 0) this.#entries.push({ atMs: performance.now(), bytes });
  }

  get bytes(): number {
    const fromMs = performance.now() - rateOverMs;
    this.#entries = this.#entries.filter(({ atMs }) => atMs >= fromMs);
    return this.#entries.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}

const network = new Recent();
const device = new Recent();
const own = { id: randomId(), openedAtMs: performance.timeOrigin };

async function start(): Promise<void> {
  if (!window.isSecureContext || !('locks' in navigator))
    throw new Error('tabs can share only in a secure context: open this page as localhost');
  const { hostname } = location;
  const { servers, signalingPort } = await fetchState();
  const viewer = new Viewer({
    number: 1,
    person: { subject: own.id, name: 'Tab', role: 'viewer' },
    line: own.id,
    firstEdge: 'edge-a',
    isTab: true,
    playlistUrl: `http://${hostname}:${servers['edge-a'].port}/live/main.m3u8`,
    room,
    signalingUrl: `ws://${hostname}:${signalingPort}/`,
    onSegment: (_viewer, { bytes }) => {
      network.add(bytes.edge + bytes.peers);
      device.add(bytes.device);
    },
    onRole: () => {},
    onNews: () => {},
  });
  byId('screen').prepend(viewer.video);
  const line = new TabLine(own.id);
  const read = (): TabReading => ({
    ...own,
    role: viewer.stats.deviceRole,
    networkBytes: network.bytes,
    deviceBytes: device.bytes,
    bufferMs: viewer.stats.bufferMs,
    stallMs: viewer.stats.stallMs,
  });
  const tick = async (): Promise<void> => {
    const reading = read();
    line.tell(reading);
    render(viewer, await line.seen(reading));
  };
  setInterval(() => void tick(), tickMs);
  await tick();
  byId('play').addEventListener('click', () => viewer.play());
  byId('hang').addEventListener('click', () => hang());
  byId('close').addEventListener('click', () => {
    window.close();
    // A tab that the user opened by hand may not be closed by its page.
    setText(
      byId('bulletin'),
      'The browser lets you close this tab, and not the page: do it yourself.',
    );
  });
  addEventListener('pagehide', () => void viewer.close());
}

/** A page that does nothing any more, as one that has got into an endless loop. */
function hang(): void {
  const endMs = performance.now() + hangMs;
  while (performance.now() < endMs);
}

function render(viewer: Viewer, tabs: readonly TabSeen[]): void {
  const { stats, reason, blocked } = viewer;
  const sum = (bytesOf: (tab: TabSeen) => number): number =>
    tabs.reduce((total, tab) => total + bytesOf(tab), 0);
  setText(byId('tabs'), String(tabs.length));
  setText(byId('network'), megabytes(sum(({ networkBytes }) => networkBytes)));
  setText(byId('inside'), megabytes(sum(({ deviceBytes }) => deviceBytes)));
  const { bufferMs, stallCount, stallMs, withheld } = stats;
  setText(byId('buffer'), bufferMs === null ? 'starting' : seconds(bufferMs));
  setText(byId('stalls'), stallCount === 0 ? 'none' : `${stallCount}, ${seconds(stallMs)} in all`);
  setText(byId('withheld'), withheld.length > 0 ? withheld.join(', ') : 'nothing');
  byId('play').hidden = !blocked;
  byId('player').dataset.role = stats.deviceRole ?? 'none';
  setText(byId('bulletin'), sentence(viewer, tabs, reasonWords(reason)));
  byId('line').replaceChildren(...tabs.map(row));
  const title = `${stats.deviceRole ?? 'joining'} · Holdfast tabs`;
  if (document.title !== title) document.title = title;
}

function sentence({ stats }: Viewer, tabs: readonly TabSeen[], reason: string): string {
  const { deviceRole, status } = stats;
  if (status === 'alone') return `This tab plays alone: ${reason}.`;
  if (deviceRole === null) return 'Joining …';
  const number = tabs.find(({ isOwn }) => isOwn)?.number ?? 1;
  const master = tabs.find(({ role, isOwn }) => role === 'master' && !isOwn);
  if (deviceRole !== 'master')
    return `Tab ${number} is fed by ${master ? `tab ${master.number}` : 'another tab'}, inside the browser: nothing more of the stream is sent to it.`;
  const fed = tabs.filter(({ role }) => role === 'secondary' || role === 'slave').length;
  return fed === 0
    ? `Tab ${number} gets the stream from the network. Open another tab: it will be fed by this one.`
    : `Tab ${number} gets the stream from the network, once, for ${count(fed + 1, 'tab')}.`;
}

function row({ number, isOwn, role, isQuiet, ...tab }: TabSeen): HTMLElement {
  const whole = Math.max(1, tab.networkBytes + tab.deviceBytes);
  const bar = make('span', 'line-bar');
  const share = make('span', 'line-network');
  share.style.inlineSize = `${(100 * tab.networkBytes) / whole}%`;
  const inside = make('span', 'line-inside');
  inside.style.inlineSize = `${(100 * tab.deviceBytes) / whole}%`;
  bar.append(share, inside);
  const from = `${megabytes(tab.networkBytes)} network, ${megabytes(tab.deviceBytes)} tab`;
  const stalled = tab.stallMs > 0 ? `stalled ${seconds(tab.stallMs)}` : 'no stall';
  const element = make(
    'li',
    'line-tab',
    make('b', '', `Tab ${number}${isOwn ? ' (this one)' : ''}`),
    make('span', 'role', isQuiet ? 'quiet' : (role ?? 'joining')),
    make('span', 'line-words', isQuiet ? 'not heard of lately' : role ? roleWords[role] : ''),
    bar,
    make('span', 'line-figures', from),
    make(
      'span',
      'line-figures',
      `${tab.bufferMs === null ? '–' : seconds(tab.bufferMs)} buffer, ${stalled}`,
    ),
  );
  element.dataset.role = role ?? 'none';
  if (isQuiet) element.dataset.quiet = 'true';
  return element;
}

start().catch((error: unknown) => {
  const line = byId('bulletin');
  line.dataset.mood = 'grave';
  line.textContent = `This page cannot start: ${(error as Error).message}`;
});
