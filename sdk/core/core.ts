import { Context, type CoreOptions } from './context.ts';
import { GroupEdges } from './edges/group-edges.ts';
import type { EdgeRoutes } from './edges/routes.ts';
import type { CoreEvent, Effect, FetchFailure } from './events.ts';
import { Linked } from './linked.ts';
import { Edges } from './outage/edges.ts';
import { hasLostEdge } from './outage/health.ts';
import { Slowing } from './outage/slowing.ts';
import { Playlists } from './playlists/playlists.ts';
import { Device } from './room/device.ts';
import { Messages } from './room/messages.ts';
import { Room } from './room/room.ts';
import { Peers } from './swarm/peers.ts';
import { Swarm } from './swarm/swarm.ts';
import { Wants } from './wants.ts';

export type { CoreOptions } from './context.ts';
export type { CoreEvent, Effect } from './events.ts';

/**
 * Everything that one viewer decides. Same options, seed and events: same effects.
 * Reads no clock, sets no timer and does no I/O, so the page, the simulator and the tests run this object.
 */
export class Core {
  #context: Context;
  #room: Room;
  #messages: Messages;
  #peers = new Peers();
  #edges: Edges;
  #group: GroupEdges;
  #device: Device;
  #slowing: Slowing;
  #playlists: Playlists;
  #swarm: Swarm;
  #linked: Linked;
  #wants: Wants;

  constructor(options: CoreOptions) {
    this.#context = new Context(options);
    this.#slowing = new Slowing(this.#context);
    this.#device = new Device(this.#context, {
      load: (wanted) => this.#wants.load(wanted),
      unload: (wanted) => this.#wants.unload(wanted),
      recall: (isOne) => this.#wants.recall(isOne),
      keep: (gave, { request }, master) => this.#wants.keep(gave, request, master),
      missed: () => this.#room.changed(),
      leads: () => this.#room.leads(),
      reachChanged: () => this.#room.applyMembers(),
      separate: () => this.#room.separate(),
    });
    this.#room = new Room(this.#context, this.#device, {
      membersChanged: () => {
        this.#swarm.membersChanged();
        this.#group.review();
      },
      linkDropped: (peer) => this.#linked.forget(peer),
      plays: () => this.#playlists.plays(),
      takeEdges: () => this.#edges.routes.take(),
      vouches: (mode) => this.#swarm.offered(mode),
      left: () => this.#messages.left(),
    });
    this.#messages = new Messages(this.#context, this.#room);
    this.#edges = new Edges(this.#context, this.#room, (health, reason) => {
      this.#room.edgeHealth = health;
      this.#context.emit({ type: 'edge', health, reason, edgeId: this.edges.edgeId ?? null });
      this.#group.tell();
      this.#room.changed();
    });
    this.#group = new GroupEdges(this.#context, this.#room, this.#peers, this.#edges.routes);
    this.#playlists = new Playlists(this.#context, this.#room, this.#peers, this.#edges, {
      published: (playlistId, newest, oldest) => this.#swarm.published(playlistId, newest, oldest),
    });
    this.#swarm = new Swarm(
      this.#context,
      this.#room,
      this.#peers,
      this.#edges,
      this.#playlists.directory,
    );
    this.#linked = new Linked(
      this.#context,
      this.#room,
      this.#peers,
      this.#group,
      this.#playlists,
      this.#swarm,
    );
    this.#wants = new Wants(this.#context, this.#swarm, this.#playlists);
  }

  /** Times are milliseconds of any clock that does not go back. */
  handle(event: CoreEvent, nowMs: number): Effect[] {
    const isDue = this.#context.begin(nowMs, event.type === 'woke');
    this.#dispatch(event);
    if (isDue) this.#tick();
    return this.#context.end();
  }

  /** What is known of segments. */
  get swarm(): Pick<Swarm, 'heldSegments' | 'segmentStats'> {
    return this.#swarm;
  }

  /** What is known of edges. */
  get edges(): Pick<EdgeRoutes, 'stats' | 'excluded' | 'failing' | 'edgeId'> {
    return this.#edges.routes;
  }

  /** What linked members have sent and got. */
  get peers(): Pick<Peers, 'traffic' | 'linkedCount'> {
    return this.#peers;
  }

  /** Ids of the playlists that linked slaves of its device follow. */
  followedBySlaves(): string[] {
    return this.#peers.followedBy((id) => this.#room.bridges.isSibling(id));
  }

  #dispatch(event: CoreEvent): void {
    switch (event.type) {
      case 'started':
        return this.#room.start();
      case 'signalingClosed':
        return this.#room.signalingClosed();
      case 'frameReceived':
        this.#edges.network.heardAtMs = this.#context.nowMs;
        this.#room.receive(event.frame);
        this.#messages.receive(event.frame);
        return this.#swarm.portions.received(event.frame);
      case 'edgesListed':
        this.#edges.routes.listed(event.body);
        return this.#tick();
      case 'messageAsked':
        return this.#messages.ask(event.frame);
      case 'profileChanged':
        return this.#room.changeProfile(event.profile);
      case 'away':
        return this.#room.away(event.reason);
      case 'back':
        return this.#room.back(event.reason);
      case 'disturbed':
        this.#edges.disturbed();
        this.#room.disturbed(event.awayMs);
        return this.#tick();
      case 'linkSignal':
        return this.#room.sendSignal(event.peer, event.signal);
      case 'bufferMeasured':
        this.#room.bufferMs = event.bufferMs;
        this.#edges.buffered(event.bufferMs);
        return this.#slowing.measured(event.bufferMs, this.#hasLostEdge);
      default:
        return this.#dispatchPeer(event);
    }
  }

  #tick(): void {
    this.#room.tick();
    this.#messages.tick();
    this.#device.tick();
    this.#playlists.tick();
    this.#swarm.tick();
    this.#swarm.portions.tick();
  }

  #dispatchPeer(event: CoreEvent): void {
    if (event.type === 'peerMessage' || event.type === 'partProgress')
      this.#edges.network.heardAtMs = this.#context.nowMs;
    switch (event.type) {
      case 'linkOpened':
        return this.#linked.opened(event.peer);
      case 'linkClosed':
        return this.#linked.closed(event.peer);
      case 'peerMessage':
        return this.#linked.heard(event.peer, event.message);
      case 'peerRefused':
        this.#context.emit({ type: 'refused', code: event.code, peer: event.peer });
        // Of a size that is vouched for, bytes that do not fit are as wrong as any others.
        if (event.code === 'peer_chunk_invalid' && this.#swarm.checks)
          return this.#room.accuse(event.peer);
        return this.#room.links.ban(event.peer);
      case 'partProgress':
        return this.#swarm.partProgress(event);
      case 'partReceived':
        return this.#swarm.partReceived(event);
      case 'partForged':
        this.#context.emit({ type: 'refused', code: 'peer_part_forged', peer: event.peer });
        if (this.#swarm.partForged(event)) this.#room.accuse(event.peer);
        return;
      case 'segmentVouched':
      case 'partVouched':
      case 'segmentDigested':
        return this.#swarm.vouching.handle(event);
      case 'partSent':
        return this.#swarm.partSent(event);
      case 'masterNear':
        return this.#device.near(event.viewerId);
      case 'masterGone':
        return this.#device.gone(event.viewerId);
      case 'masterHeard':
        return this.#device.heard(event.loadId);
      case 'masterGave':
        return this.#device.gave(event);
      case 'masterFailed':
        return this.#device.failed(event.loadId, event.failure);
      default:
        return this.#dispatchMedia(event);
    }
  }

  #dispatchMedia(event: CoreEvent): void {
    switch (event.type) {
      case 'segmentWanted':
        if (this.#swarm.holds(event.request.segmentId) || !this.#device.takes(event))
          this.#wants.load(event);
        return;
      case 'segmentAbandoned':
        if (!this.#device.abandoned(event.loadId)) this.#swarm.abandoned(event);
        return;
      case 'playlistWanted':
        if (!this.#device.takes(event)) this.#wants.load(event);
        return;
      case 'playlistAbandoned':
        if (!this.#device.abandoned(event.loadId)) this.#playlists.abandoned(event);
        return;
      case 'segmentBrought':
        return this.#swarm.edge.brought(event);
      case 'playlistBrought':
        return this.#playlists.brought(event);
      case 'fetchHeaders':
        this.#device.edgeAnswered();
        return this.#swarm.edge.headers(event);
      case 'fetchPart':
      case 'fetchProgress':
      case 'fetchEnded':
        return this.#swarm.edge.handle(event);
      case 'fetchFailed':
        this.#swarm.edge.failed(event);
        return this.#edgeFailed(event.failure);
      case 'playlistFetched':
        this.#device.edgeAnswered();
        return this.#playlists.fetched(event);
      case 'playlistFailed':
        this.#playlists.failed(event);
        return this.#edgeFailed(event.failure);
      case 'segmentRestored':
        return this.#swarm.restored(event.segmentId, true);
      case 'segmentLost':
        return this.#swarm.restored(event.segmentId, false);
    }
  }

  /** Whoever is fed inside the browser does not know how the edge is. */
  get #hasLostEdge(): boolean {
    return !this.#device.isFed && hasLostEdge(this.#room.edgeHealth);
  }

  /** What neither the own edge nor anybody else brings, another viewer of the device may get. */
  #edgeFailed(failure: FetchFailure): void {
    const isLost = this.#peers.linkedCount === 0 && hasLostEdge(this.#room.edgeHealth);
    if (isLost || failure.reason === 'offline') this.#device.unable(failure);
  }
}
