/** This page's viewers in the room: added, removed, and measured once a second. */
import type { SessionEvents } from '../../sdk/index.ts';
import { edgeNames } from '../server/edge-offers.ts';
import type { DrawnViewer } from './drawing.ts';
import { type Flow, Flows, shareOfPeers } from './flows.ts';
import { freeLine, playlistUrlOf } from './lines.ts';
import type { Logbook } from './logbook.ts';
import { drawnOf, keyOf, personOf } from './seats.ts';
import type { DemoState, ServerName } from './servers.ts';
import { roleWords } from './text.ts';
import { Tile } from './tile.ts';
import { Viewer } from './viewer.ts';

/** More would not fit into one page's memory and processor. */
export const viewersMax = 24;
/** Arrivals one after the other, as in life; all at once would find nobody to be fed by. */
const arrivalIntervalMs = 600;
const offloadOverSeconds = 20;
/** A segment is 2 s: if none came for longer, none is on its way. */
const arrivedOverSeconds = 3;
/** A viewer of another page that is linked to nobody here for so long is not drawn any more. */
const forgetOthersAfterMs = 5_000;

interface Seat {
  viewer: Viewer;
  tile: Tile;
  /** Bytes since the last tick. */
  second: { edge: number; peers: number };
}

export interface RoomSnapshot {
  viewers: number;
  /** Viewers of other pages that are linked to ours. */
  others: number;
  masters: number;
  stalled: number;
  stallCount: number;
  /** Share of media bytes from other viewers; null before there was any. */
  offloadNow: number | null;
  offloadOverall: number | null;
  bytesFromPeers: number;
  /** Media that reached any viewer in the last 3 s. */
  bytesArrived: number;
  /** Smallest buffer; null before anybody plays. */
  bufferMsMin: number | null;
  drawn: DrawnViewer[];
  flows: Flow[];
}

export interface RoomOptions {
  name: string;
  wall: HTMLElement;
  logbook: Logbook;
  onHover: (key: string | null) => void;
}

export class Room {
  readonly #options: RoomOptions;
  readonly #seats = new Map<number, Seat>();
  readonly #flows = new Flows();
  readonly #others = new Map<string, number>();
  readonly #seconds: { edge: number; peers: number }[] = [];
  readonly #total = { edge: 0, peers: 0 };
  /** Of viewers that have left. */
  #pastStalls = 0;
  #lastNumber = 0;
  #arrival: Promise<void> = Promise.resolve();
  #lastTickMs = performance.now();
  readonly #sentTo = new Map<string, number>();
  readonly #serverBytes = new Map<ServerName, number>();

  constructor(options: RoomOptions) {
    this.#options = options;
  }

  /** Adds viewers one after the other. */
  add(viewers: number, state: DemoState): void {
    for (let index = 0; index < viewers; index++) {
      this.#arrival = this.#arrival.then(() => {
        if (this.#seats.size >= viewersMax) return;
        return this.#addOne(state).catch((error: Error) => {
          this.#options.logbook.write(`A viewer could not be added: ${error.message}`, true);
        });
      });
    }
  }

  get viewers(): Viewer[] {
    return [...this.#seats.values()].map(({ viewer }) => viewer);
  }

  /** Viewers of other pages that are linked to ours. */
  get othersCount(): number {
    return this.#others.size;
  }

  get isFull(): boolean {
    return this.#seats.size >= viewersMax;
  }

  hasMaster(): boolean {
    return this.#master() !== undefined;
  }

  /** Removes the first master of this page; does nothing when there is none. */
  removeMaster(): void {
    const seat = this.#master();
    if (!seat) return;
    this.#options.logbook.write(`Viewer ${seat.viewer.number}, the master, was removed`);
    this.#remove(seat);
  }

  redraw(): void {
    for (const { tile } of this.#seats.values()) tile.chart.redraw();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#seats.values()].map(({ viewer }) => viewer.close()));
  }

  /** Once a second. */
  tick(state: DemoState | null): RoomSnapshot {
    const nowMs = performance.now();
    const second = { edge: 0, peers: 0 };
    for (const seat of this.#seats.values()) {
      const { edge, peers } = seat.second;
      second.edge += edge;
      second.peers += peers;
      seat.second = { edge: 0, peers: 0 };
      this.#countUploads(seat.viewer);
      seat.tile.chart.push(nowMs, edge, peers, !document.hidden);
      if (!document.hidden) seat.tile.render(nowMs);
    }
    this.#seconds.push(second);
    if (this.#seconds.length > offloadOverSeconds) this.#seconds.shift();
    if (state) this.#countServers(state);
    this.#forgetOthers(nowMs);
    const flows = this.#flows.tick(nowMs - this.#lastTickMs);
    this.#lastTickMs = nowMs;
    return this.#snapshot(flows);
  }

  #snapshot(flows: Flow[]): RoomSnapshot {
    const seats = [...this.#seats.values()];
    const buffers = seats.flatMap(({ viewer }) => viewer.stats.bufferMs ?? []);
    const stalls = seats.reduce((sum, { viewer }) => sum + viewer.stats.stallCount, 0);
    const recent = this.#seconds.reduce(
      (sum, { edge, peers }) => ({ edge: sum.edge + edge, peers: sum.peers + peers }),
      { edge: 0, peers: 0 },
    );
    return {
      viewers: seats.length,
      others: this.#others.size,
      masters: seats.filter(({ viewer }) => viewer.stats.groupRole === 'master').length,
      stalled: seats.filter(({ viewer }) => viewer.stalledSinceMs !== null).length,
      stallCount: this.#pastStalls + stalls,
      offloadNow: shareOfPeers(recent),
      offloadOverall: shareOfPeers(this.#total),
      bytesFromPeers: this.#total.peers,
      bytesArrived: this.#seconds
        .slice(-arrivedOverSeconds)
        .reduce((sum, { edge, peers }) => sum + edge + peers, 0),
      bufferMsMin: buffers.length > 0 ? Math.min(...buffers) : null,
      drawn: [...seats.map(({ viewer }) => drawnOf(viewer)), ...this.#drawnOthers()],
      flows,
    };
  }

  async #addOne(state: DemoState): Promise<void> {
    const number = ++this.#lastNumber;
    const { name, wall, logbook, onHover } = this.#options;
    const edge = number % 2 === 1 ? 'edge-a' : 'edge-b';
    const { hostname } = location;
    const line = freeLine(new Set(this.viewers.map((other) => other.line)));
    const viewer = new Viewer({
      number,
      person: personOf(number, this.viewers),
      line,
      firstEdge: edge,
      room: name,
      playlistUrl: playlistUrlOf(state.servers[edge], line),
      signalingUrl: `ws://${hostname}:${state.signalingPort}/`,
      onSegment: (of, event) => this.#countSegment(of, event),
      onRole: (of, event) => this.#noteRole(of, event),
      onNews: (of, text, grave) => logbook.write(`Viewer ${of.number} ${text}`, grave),
    });
    const seat: Seat = {
      viewer,
      tile: new Tile(viewer, () => {
        logbook.write(`Viewer ${number} was removed`);
        this.#remove(seat);
      }),
      second: { edge: 0, peers: 0 },
    };
    this.#seats.set(number, seat);
    const { element } = seat.tile;
    element.addEventListener('pointerenter', () => onHover(keyOf(viewer)));
    element.addEventListener('pointerleave', () => onHover(null));
    wall.append(element);
    seat.tile.render(performance.now());
    await new Promise((resolve) => setTimeout(resolve, arrivalIntervalMs));
  }

  #remove(seat: Seat): void {
    const { viewer, tile } = seat;
    const held = tile.element.contains(document.activeElement);
    const next = tile.element.nextElementSibling ?? tile.element.previousElementSibling;
    this.#pastStalls += viewer.stats.stallCount;
    this.#seats.delete(viewer.number);
    this.#flows.forget(keyOf(viewer));
    tile.close();
    // Who removes viewers by keyboard goes on to the next one.
    if (held) next?.querySelector<HTMLElement>('.remove')?.focus();
    void viewer.close();
  }

  #master(): Seat | undefined {
    return [...this.#seats.values()].find(({ viewer }) => viewer.stats.groupRole === 'master');
  }

  #noteRole(viewer: Viewer, { groupRole }: SessionEvents['role']): void {
    if (groupRole === viewer.role) return;
    if (groupRole === 'master' || viewer.role === 'master') {
      this.#options.logbook.write(
        `Viewer ${viewer.number} is ${groupRole}: ${roleWords[groupRole]}`,
      );
    }
    viewer.role = groupRole;
  }

  #countSegment(viewer: Viewer, { bytes, bytesByViewer }: SessionEvents['segment']): void {
    const seat = this.#seats.get(viewer.number);
    if (!seat) return;
    seat.second.edge += bytes.edge;
    seat.second.peers += bytes.peers;
    this.#total.edge += bytes.edge;
    this.#total.peers += bytes.peers;
    this.#flows.add(viewer.edge, keyOf(viewer), bytes.edge);
    for (const [viewerId, count] of Object.entries(bytesByViewer)) {
      this.#flows.add(this.#keyOfId(viewerId), keyOf(viewer), count);
    }
  }

  /** What ours send to viewers of other pages: those tell their own page, not this one. */
  #countUploads(viewer: Viewer): void {
    const nowMs = performance.now();
    for (const { viewerId, bytesSent } of viewer.stats.neighbours) {
      const to = this.#keyOfId(viewerId);
      if (!to.startsWith('other:')) continue;
      this.#others.set(to, nowMs);
      const pair = `${viewer.number}>${viewerId}`;
      this.#flows.add(keyOf(viewer), to, bytesSent - (this.#sentTo.get(pair) ?? 0));
      this.#sentTo.set(pair, bytesSent);
    }
  }

  #countServers({ servers }: DemoState): void {
    for (const edge of edgeNames) {
      const { bytesRead } = servers[edge];
      this.#flows.add('origin', edge, bytesRead - (this.#serverBytes.get(edge) ?? bytesRead));
      this.#serverBytes.set(edge, bytesRead);
    }
  }

  #keyOfId(viewerId: string): string {
    for (const { viewer } of this.#seats.values()) {
      if (viewer.stats.viewerId === viewerId) return keyOf(viewer);
    }
    return `other:${viewerId}`;
  }

  #forgetOthers(nowMs: number): void {
    for (const [key, seenAtMs] of this.#others) {
      if (nowMs - seenAtMs < forgetOthersAfterMs) continue;
      this.#others.delete(key);
      this.#flows.forget(key);
    }
  }

  #drawnOthers(): DrawnViewer[] {
    const unknown = { label: '', role: null, stalled: false, isCutOff: false, bufferMs: null };
    return [...this.#others.keys()].sort().map((key) => ({ key, ...unknown }));
  }
}
