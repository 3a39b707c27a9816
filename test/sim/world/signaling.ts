import type { CoreEvent } from '../../../sdk/core/core.ts';
import {
  createRooms,
  type Rooms,
  type RoomsEffect,
  type RoomsEvent,
} from '../../../signaling/core/index.ts';
import {
  type ClientFrame,
  type Integrity,
  type Limits,
  parseClientFrame,
  parseServerFrame,
  type ServerFrame,
  type ViewerProfile,
} from '../../../signaling/protocol/index.ts';
import { type Clock, serverPlace } from './clock.ts';
import type { EdgeServer } from './edge.ts';
import { Fleet, type FleetEdge } from './fleet.ts';
import type { Random } from './random.ts';
import type { ViewerSpec } from './viewer-spec.ts';

/** A client's socket, seen from the server. */
export interface SignalingClient {
  readonly name: string;
  readonly deviceId: string;
  readonly profile: ViewerProfile;
  readonly signalingMs: number;
  readonly alive: boolean;
  readonly place: number;
  readonly spec: Pick<ViewerSpec, 'edgeNeeds' | 'network'>;
  tell(event: CoreEvent): void;
  frame(frame: ServerFrame): void;
  closed(): void;
}

interface Socket {
  connectionId: string;
  client: SignalingClient;
  viewerId: string;
  open: boolean;
}

const connectTimeoutMs = 3_000;

/** The real rooms with virtual sockets in front. */
export class SignalingServer {
  /** What a welcome says of it. */
  integrity: Integrity = { mode: 'none', keys: [] };
  readonly counts = new Map<string, number>();
  #clock: Clock;
  #random: Random;
  #rooms: Rooms;
  #sockets = new Map<string, Socket>();
  #lastId = 0;
  #up = true;
  #generation = 0;
  #checkFrames: boolean;
  #limits: Partial<Limits>;
  #fleet: Fleet | null = null;

  constructor(clock: Clock, random: Random, checkFrames: boolean, limits: Partial<Limits>) {
    this.#limits = limits;
    this.#clock = clock;
    this.#random = random;
    this.#checkFrames = checkFrames;
    this.#rooms = this.#create();
  }

  /** Tells viewers of these edges from now on. */
  tellOf(specs: readonly FleetEdge[], edges: readonly EdgeServer[]): void {
    this.#fleet = new Fleet(this.#clock, specs, edges, (connectionId, body) => {
      const socket = this.#sockets.get(connectionId);
      if (!socket) return;
      const arrived = () => socket.open && socket.client.tell({ type: 'edgesListed', body });
      this.#clock.after(socket.client.signalingMs, arrived, socket.client.place);
    });
  }

  stats(): ReturnType<Rooms['stats']> {
    return this.#rooms.stats();
  }

  /** What its viewers hold as it believes; null while it is down. */
  holdings(): ReturnType<Rooms['holdings']> | null {
    return this.#up ? this.#rooms.holdings('room') : null;
  }

  /** A dead server refuses connections; with `graceful` it says goodbye first. */
  stop(graceful: boolean): void {
    if (graceful) this.#handle({ type: 'shutdown' });
    this.#up = false;
    this.#generation += 1;
    for (const socket of [...this.#sockets.values()]) this.#drop(socket);
  }

  start(): void {
    this.#rooms = this.#create();
    this.#up = true;
  }

  connect(
    client: SignalingClient,
    resumeKey: string | null,
  ): { send(frame: ClientFrame): void; close(): void } {
    this.#lastId += 1;
    const connectionId = `c${this.#lastId}`;
    const viewerId = resumeKey ?? `v${Math.floor(this.#random.unit() * 2 ** 48).toString(36)}`;
    const socket: Socket = { connectionId, client, viewerId, open: true };
    this.#clock.after(client.signalingMs * 3, () => {
      if (!socket.open) return;
      if (!this.#up)
        return this.#clock.after(this.#random.between(20, connectTimeoutMs), () =>
          this.#refuse(socket),
        );
      this.#sockets.set(connectionId, socket);
      this.#clock.after(client.signalingMs, () => this.#join(socket), serverPlace);
    });
    return {
      send: (frame) => this.#fromClient(socket, frame),
      close: () => this.#clientClosed(socket),
    };
  }

  #create(): Rooms {
    const random = this.#random.fork(`rooms${this.#generation}`).unit;
    return createRooms({ random, limits: this.#limits });
  }

  #refuse(socket: Socket): void {
    if (!socket.open) return;
    socket.open = false;
    if (socket.client.alive) socket.client.closed();
  }

  #join(socket: Socket): void {
    const { client, connectionId, viewerId } = socket;
    if (!socket.open || !this.#sockets.has(connectionId)) return;
    const { name, deviceId, profile } = client;
    const room = 'room';
    this.#handle({
      type: 'joinAccepted',
      connectionId,
      room,
      subject: name,
      deviceId,
      profile,
      viewerId,
      resumeKey: viewerId,
      integrity: this.integrity,
    });
    const { edgeNeeds: needs = null, network = null } = client.spec;
    this.#fleet?.handle({
      ...{ type: 'viewerJoined', connectionId, room, deviceId, subject: name, network, needs },
    });
  }

  #fromClient(socket: Socket, frame: ClientFrame): void {
    const generation = this.#generation;
    const arrived = (): void => {
      if (!socket.open || generation !== this.#generation) return;
      const parsed = this.#checkFrames
        ? parseClientFrame(JSON.stringify(frame))
        : { ok: true as const, value: frame };
      if (!parsed.ok) throw new Error(`a viewer sent a refused frame: ${JSON.stringify(parsed)}`);
      const { connectionId } = socket;
      this.#handle({ type: 'frame', connectionId, frame: parsed.value });
      if (parsed.value.type === 'report') this.#fleet?.reported(connectionId, parsed.value);
    };
    this.#clock.after(socket.client.signalingMs, arrived, serverPlace);
  }

  #clientClosed(socket: Socket): void {
    if (!socket.open) return;
    socket.open = false;
    this.#sockets.delete(socket.connectionId);
    const { connectionId } = socket;
    const arrived = (): void => {
      this.#handle({ type: 'disconnected', connectionId });
      this.#fleet?.handle({ type: 'viewerLeft', connectionId });
    };
    this.#clock.after(socket.client.signalingMs, arrived, serverPlace);
  }

  #handle(event: RoomsEvent): void {
    if (!this.#up) return;
    for (const effect of this.#rooms.handle(event, this.#clock.nowMs)) this.#perform(effect);
  }

  #perform(effect: RoomsEffect): void {
    switch (effect.type) {
      case 'send':
        return this.#send(effect.connectionId, effect.frame);
      case 'close': {
        const socket = this.#sockets.get(effect.connectionId);
        if (socket) this.#drop(socket);
        return;
      }
      case 'count':
        this.counts.set(effect.metric, (this.counts.get(effect.metric) ?? 0) + effect.value);
        return;
      case 'wakeAt': {
        if (effect.atMs <= this.#clock.nowMs) throw new Error('rooms asked to wake in the past');
        const generation = this.#generation;
        this.#clock.at(effect.atMs, () => {
          if (generation === this.#generation) this.#handle({ type: 'woke' });
        });
      }
    }
  }

  #send(connectionId: string, frame: ServerFrame): void {
    const socket = this.#sockets.get(connectionId);
    if (!socket) return;
    const arrived = (): void => {
      if (!socket.client.alive || !socket.open) return;
      const parsed = this.#checkFrames
        ? parseServerFrame(JSON.stringify(frame))
        : { ok: true as const, value: frame };
      if (!parsed.ok) throw new Error(`the server sent a refused frame: ${JSON.stringify(parsed)}`);
      socket.client.frame(parsed.value);
    };
    this.#clock.after(socket.client.signalingMs, arrived, socket.client.place);
  }

  #drop(socket: Socket): void {
    this.#sockets.delete(socket.connectionId);
    this.#fleet?.handle({ type: 'viewerLeft', connectionId: socket.connectionId });
    this.#clock.after(socket.client.signalingMs, () => {
      if (!socket.open) return;
      socket.open = false;
      if (socket.client.alive) socket.client.closed();
    });
  }
}
