/** The demo page: puts its parts together and lets them move once a second. */
import { BulletinWriter } from './bulletin.ts';
import { Chat } from './chat/chat.ts';
import { byId, setText } from './dom.ts';
import { Drawing, type DrawnServer } from './drawing.ts';
import { isOffered } from './edge-needs.ts';
import { EdgesTable } from './edges-table.ts';
import { Helm } from './helm.ts';
import { HoldingsMap } from './holdings-map.ts';
import { Logbook } from './logbook.ts';
import { outageWords } from './outage-words.ts';
import { Room, type RoomSnapshot, viewersMax } from './room.ts';
import {
  type DemoState,
  type FaultName,
  fetchState,
  type Outage,
  postFault,
  postOutage,
  type ServerName,
  serverTitles,
} from './servers.ts';
import { capital, count, duration, megabytes, percent } from './text.ts';

const tickMs = 1_000;
const query = new URLSearchParams(location.search);
const roomName = /^[\w-]{1,64}$/.exec(query.get('room') ?? '')?.[0] ?? 'harbour';
const viewersAtStart = Math.min(viewersMax, Number(query.get('viewers') ?? 4) || 0);

const logbook = new Logbook(byId('logbook'));
const drawing = new Drawing(byId<SVGSVGElement>('drawing'));
const bulletin = new BulletinWriter();
const room = new Room({
  name: roomName,
  wall: byId('wall'),
  logbook,
  onHover: (key) => drawing.highlight(key),
});
const holdings = new HoldingsMap(room);
const edges = new EdgesTable(room, logbook);
const chat = new Chat({ room, viewersAtStart });
const helm = new Helm({
  room,
  anotherPageUrl: `/?${new URLSearchParams({ room: roomName, viewers: '4' })}`,
  onAdd: (viewers) => {
    if (state) room.add(viewers, state);
  },
  onFault: (server, fault) => void setFault(server, fault),
  onOutage: (outage) => void setOutage(outage),
});
let state: DemoState | null = null;

async function setFault(server: ServerName, fault: FaultName): Promise<void> {
  if (state?.servers[server].fault === fault) return;
  try {
    adopt(await postFault(server, fault));
    helm.render(state);
  } catch (error) {
    logbook.write(`${serverTitles[server]} cannot be steered: ${(error as Error).message}`, true);
  }
}

async function setOutage(outage: Outage | null): Promise<void> {
  if (!outage && !state?.outage) return;
  try {
    adopt(await postOutage(outage));
    helm.render(state);
  } catch (error) {
    logbook.write(`The edges cannot be steered: ${(error as Error).message}`, true);
  }
}

/** What hits viewers rather than servers, as a sentence; empty when nothing does. */
function outageSentence({ outage }: DemoState): string {
  if (!outage) return '';
  const viewer = room.viewers.find(({ line }) => line === outage.line);
  const words = outageWords(outage.fault, outage.scope, viewer?.number ?? null);
  return capital(words);
}

/** Faults are noted here, wherever they were set: another page may have done it. */
function adopt(next: DemoState): void {
  for (const server of Object.keys(serverTitles) as ServerName[]) {
    const before = state?.servers[server].fault ?? 'none';
    const now = next.servers[server].fault;
    if (now === before) continue;
    const title = capital(serverTitles[server]);
    if (now === 'none') logbook.write(`${title} is back`);
    else logbook.write(now === 'cut' ? `${title} was cut` : `${title} was slowed`, true);
  }
  const sentence = outageSentence(next);
  if (sentence !== (state ? outageSentence(state) : '')) {
    logbook.write(sentence || 'The edges are given back', sentence !== '');
  }
  state = next;
}

function showFigures(snapshot: RoomSnapshot): void {
  const { offloadNow, offloadOverall, bytesFromPeers, viewers, others, stallCount } = snapshot;
  setText(byId('offload-now'), percent(offloadNow));
  setText(
    byId('offload-overall'),
    offloadOverall === null
      ? 'share of the media'
      : `${percent(offloadOverall)} since the start, ${megabytes(bytesFromPeers)}`,
  );
  const copies = state?.copiesPerSegment ?? null;
  setText(byId('copies'), copies === null ? '–' : copies.toFixed(2));
  const everybody = viewers + others;
  setText(byId('copies-note'), `of each segment, not ${everybody}`);
  setText(byId('stalls'), String(stallCount));
  setText(byId('stalls-note'), stallCount === 0 ? 'none so far' : 'in this page');
  setText(byId('viewers'), String(everybody));
  setText(
    byId('viewers-note'),
    others > 0 ? `${viewers} here, ${others} elsewhere` : 'in this page',
  );
}

async function tick(): Promise<void> {
  try {
    adopt(await fetchState());
  } catch {
    state = null;
  }
  const snapshot = room.tick(state);
  const outage = state?.outage
    ? `${outageSentence(state)} for ${duration(state.outage.forMs)}.`
    : '';
  const { mood, text } = bulletin.write(snapshot, state, outage);
  helm.render(state);
  edges.update(state);
  chat.update();
  if (document.hidden) return;
  const line = byId('bulletin');
  line.dataset.mood = mood;
  setText(line, text);
  showFigures(snapshot);
  drawing.update({
    servers: drawnServers(state),
    viewers: snapshot.drawn,
    flows: snapshot.flows,
  });
}

function drawnServers(state: DemoState | null): Record<ServerName, DrawnServer> {
  const names = Object.keys(serverTitles) as ServerName[];
  const drawn = names.map((name): [ServerName, DrawnServer] => {
    if (!state) return [name, { fault: 'none', isQuiet: false }];
    const { fault } = state.servers[name];
    return [name, { fault, isQuiet: name !== 'origin' && !isOffered(state.servers[name]) }];
  });
  return Object.fromEntries(drawn) as Record<ServerName, DrawnServer>;
}

async function start(): Promise<void> {
  adopt(await fetchState());
  if (state) room.add(viewersAtStart, state);
  holdings.start();
  logbook.write(`${count(viewersAtStart, 'viewer')} of this page join room ${roomName}`);
  for (;;) {
    const startedAtMs = performance.now();
    await tick();
    const restMs = tickMs - (performance.now() - startedAtMs);
    await new Promise((resolve) => setTimeout(resolve, Math.max(50, restMs)));
  }
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => room.redraw());
// A page that goes leaves the room at once, so that nobody waits for it.
addEventListener('pagehide', () => void room.close());
start().catch((error: unknown) => {
  const line = byId('bulletin');
  line.dataset.mood = 'grave';
  line.textContent = `The demo cannot start: ${(error as Error).message}`;
});
