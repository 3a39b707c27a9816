import type {
  DirectiveFrame,
  EdgeHealth,
  ErrorFrame,
  Member,
  ServerErrorCode,
  ServerFrame,
  ViewerProfile,
  WelcomeFrame,
} from '../../../signaling/protocol/index.ts';
import { uploadsOf } from '../../../signaling/protocol/profile.ts';
import type { Context } from '../context.ts';
import type { AloneReason, AwayReason } from '../events.ts';
import { Orders } from '../swarm/election.ts';
import { Bridges } from './bridges.ts';
import { SignalingConnection } from './connection.ts';
import type { Device } from './device.ts';
import { Links } from './links.ts';
import { retryable } from './refusals.ts';
import { Reports, readFacts } from './reports.ts';
import type { RoomListener } from './room-listener.ts';
import { peersExpectedMs, unreachableAfterMs } from './room-timings.ts';
import { Roster } from './roster.ts';

/** The viewer's place in the room: the signaling connection, the roles and the links that follow from them. */
export class Room {
  readonly links: Links;
  readonly orders = new Orders();
  readonly bridges = new Bridges();
  readonly #device: Device;
  viewerId: string | null = null;
  epoch = 0;
  /** Others of its device are fed by it, which may reach what it does not. */
  hasSlaves = false;
  /** This clock's time when the server's was 0, as the quickest directive tells. */
  clockOffsetMs = 0;
  /** Not in the room and not about to be: nobody else can help. */
  isAlone = false;
  #context: Context;
  #listener: RoomListener;
  #connection: SignalingConnection;
  #resumeKey: string | null = null;
  #profile: ViewerProfile;
  #reports: Reports;
  #giveUpAtMs: number | null = null;
  /** Why the server sent us away last. */
  #refusal: ServerErrorCode | null = null;
  #startedAtMs = 0;
  #joinedAtMs: number | null = null;
  #roster: Roster;
  #named: readonly Member[] = [];
  edgeHealth: EdgeHealth = 'healthy';
  /** When an edge last answered. */
  edgeSeenAtMs: number | null = null;
  bufferMs: number | null = null;
  uplinkBytesPerSecond: number | null = null;

  constructor(context: Context, device: Device, listener: RoomListener) {
    this.#context = context;
    this.#device = device;
    this.#listener = listener;
    this.#profile = context.options.profile;
    this.#roster = new Roster(context);
    this.links = new Links(context, (peer) => listener.linkDropped(peer));
    this.#connection = new SignalingConnection(
      context,
      () => ({ resumeKey: this.#resumeKey, profile: this.#profile }),
      () => this.signalingClosed(),
    );
    this.#reports = new Reports(
      context,
      this.#connection,
      () => ({
        ...readFacts(this, context.nowMs),
        missedMaster: device.takeMissed(),
        plays: listener.plays(),
      }),
      () => listener.takeEdges(),
    );
  }

  get profile(): ViewerProfile {
    return this.#profile;
  }

  /** Whether others may be sent anything. */
  get uploads(): boolean {
    return uploadsOf(this.#profile);
  }

  /**
   * Until when peers may still turn up although none is linked. What the player needs soon does not wait for them;
   * what it needs later does, or every joiner would read its first buffer from the edge.
   */
  get peersExpectedUntilMs(): number {
    const isKnown = this.#joinedAtMs !== null && !this.#device.isEarly;
    if (this.isAlone || (isKnown && this.members.length < 2)) return 0;
    return (this.#joinedAtMs ?? this.#startedAtMs) + peersExpectedMs;
  }

  get isJoined(): boolean {
    return this.#connection.isJoined;
  }

  get members(): readonly Member[] {
    return this.#roster.members;
  }

  member(viewerId: string): Member | undefined {
    return this.#roster.find(viewerId);
  }

  get isMaster(): boolean {
    return this.member(this.viewerId ?? '')?.role === 'master';
  }

  start(): void {
    this.#begin('joining');
    this.#connection.connect();
  }

  changeProfile(profile: ViewerProfile): void {
    this.#profile = profile;
    this.#reports.now();
    this.#listener.membersChanged();
  }

  /** Leaves until `back`; whoever is still linked is told by the end of the link. */
  away(reason: AwayReason): void {
    if (this.#connection.away(reason)) this.#leave(reason);
  }

  back(reason: AwayReason): void {
    if (!this.#connection.back(reason)) return;
    this.isAlone = false;
    this.#joinedAtMs = null;
    this.#begin('reconnecting');
  }

  /** Connections may be dead without having said so: they are tried, or made anew. */
  disturbed(awayMs: number): void {
    this.#connection.doubt();
    this.links.disturbed(awayMs);
    this.#reports.now(true);
  }

  /** Something that the server should know at once. */
  changed(isDue = false): void {
    this.#reports.now(isDue);
  }

  signalingClosed(): void {
    const wasJoined = this.#connection.isJoined;
    this.#reports.stop();
    this.#connection.closed();
    if (wasJoined) this.#begin('reconnecting');
  }

  receive(frame: ServerFrame): void {
    if (this.#connection.isStopped) return;
    this.#connection.heard();
    switch (frame.type) {
      case 'welcome':
        return this.#welcome(frame);
      case 'directive':
        if (frame.epoch > this.epoch) this.#follow(frame);
        return;
      case 'signal':
        if (this.#profile.peersAllowed && this.member(frame.from))
          this.links.signalReceived(frame.from, frame.signal);
        return;
      case 'integrity':
        return this.#listener.vouches(frame.integrity.mode);
      case 'error':
        return this.#refused(frame);
      case 'bye':
        if (frame.reason === 'replaced') this.#stop('removed');
        else this.#connection.comeBackAfter(frame.reconnectAfterMs);
    }
  }

  linkClosed(peer: string): void {
    if (this.links.closed(peer)) this.changed();
  }

  sendSignal(peer: string, signal: Record<string, unknown>): void {
    if (this.#connection.isJoined)
      this.#context.emit({ type: 'sendFrame', frame: { type: 'signal', to: peer, signal } });
  }

  tick(): void {
    const { nowMs } = this.#context;
    this.#connection.tick();
    this.#reports.tick();
    if (this.#roster.tick()) this.applyMembers();
    if (this.#giveUpAtMs !== null) {
      if (nowMs < this.#giveUpAtMs) this.#context.wakeAt(this.#giveUpAtMs);
      else {
        this.#giveUpAtMs = null;
        this.isAlone = true;
        this.#listener.vouches(null);
        const reason = this.#refusal ?? 'signaling_unreachable';
        this.#context.emit({ type: 'status', status: 'alone', reason });
      }
    }
    this.links.tick();
  }

  #begin(status: 'joining' | 'reconnecting'): void {
    this.#context.emit({ type: 'status', status, reason: null });
    this.#startedAtMs = this.#context.nowMs;
    // Nobody is told at once: a reconnect takes a moment.
    this.#giveUpAtMs = this.#context.nowMs + unreachableAfterMs;
    this.#context.wakeAt(this.#giveUpAtMs);
  }

  #welcome(frame: WelcomeFrame): void {
    this.#connection.joined(frame.heartbeatIntervalMs);
    this.#giveUpAtMs = null;
    this.#refusal = null;
    this.#joinedAtMs ??= this.#context.nowMs;
    this.#resumeKey = frame.resumeKey;
    this.viewerId = frame.viewerId;
    this.#listener.vouches(frame.integrity.mode);
    this.links.join(frame.viewerId, this.#context.options.iceServers ?? frame.iceServers);
    const alone = this.#profile.peersAllowed ? null : this.#context.options.noPeersReason;
    this.isAlone = alone !== null;
    this.#context.emit({ type: 'status', status: alone ? 'alone' : 'joined', reason: alone });
    if (!frame.resumed) this.#roster.begin();
    // A server that lost its memory counts epochs anew, so a welcome always sets the base.
    this.clockOffsetMs = Number.POSITIVE_INFINITY;
    this.#follow(frame.directive);
    this.#reports.start(this.#profile);
  }

  #follow(directive: DirectiveFrame): void {
    this.epoch = directive.epoch;
    this.clockOffsetMs = Math.min(this.clockOffsetMs, this.#context.nowMs - directive.epoch);
    this.#named = directive.members;
    this.hasSlaves = Boolean(directive.siblings?.length);
    this.bridges.follow(directive.bridges, this.#context.options.isSite ? directive.siblings : []);
    const { epoch, deviceRole, groupRole, groupId, withheld = [] } = directive;
    this.#context.emit({ type: 'role', epoch, deviceRole, groupRole, groupId, withheld });
    this.#device.follow(directive, this.viewerId ?? '');
    this.applyMembers();
  }

  /** Whoever leads a device from now on has yet to find the members of its group. */
  leads(): void {
    this.#joinedAtMs = this.#context.nowMs;
  }

  /** Whoever has the same device id is elsewhere, so it is another device. */
  separate(): void {
    this.#context.emit({ type: 'separateDevice' });
    this.#reports.stop();
    this.#begin('reconnecting');
    this.#connection.renew();
  }

  /** What was told, or who can be reached inside the browser, has changed. */
  applyMembers(): void {
    this.#roster.follow(this.#device.isLinked ? this.#named : []);
    const members = this.#roster.gather(this.links.open, this.bridges.all);
    if (this.#profile.peersAllowed) this.links.follow(members, this.bridges);
    this.#listener.membersChanged();
  }

  /** The member sent what is proven wrong: nothing more of it is taken, and the server is told. */
  accuse(peer: string): void {
    this.links.accuse(peer);
    this.changed();
  }

  #refused({ code, message, fatal, retryAfterMs }: ErrorFrame): void {
    this.#context.emit({ type: 'error', code, message, fatal });
    if (!fatal) return;
    this.#refusal = code;
    if (retryAfterMs !== undefined) this.#connection.comeBackAfter(retryAfterMs);
    else if (!retryable.has(code)) this.#stop(code);
  }

  /** The room is closed to this viewer: it plays alone from now on. */
  #stop(code: ServerErrorCode): void {
    this.#connection.stop();
    this.#leave(code);
  }

  #leave(reason: AloneReason): void {
    this.#reports.stop();
    this.#giveUpAtMs = null;
    this.#named = [];
    this.hasSlaves = false;
    this.bridges.follow();
    this.#roster.clear();
    this.isAlone = true;
    this.#device.leave();
    this.#listener.left();
    this.links.follow([]);
    this.#listener.membersChanged();
    this.#context.emit({ type: 'status', status: 'alone', reason });
  }
}
