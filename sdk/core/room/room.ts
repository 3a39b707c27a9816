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
import { limits } from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import { SignalingConnection } from './connection.ts';
import { Links } from './links.ts';
import { retryable } from './refusals.ts';

/** What the room asks of the rest of the core. */
export interface RoomListener {
  membersChanged(): void;
  /** This side closed an open link. */
  linkDropped(peer: string): void;
  /** Ids of the media playlists that the player uses now. */
  plays(): string[];
  /** Whether the room has an attestor. */
  attested(attested: boolean): void;
}

/** A server that has not answered by then is called unreachable; joining goes on beside playback. */
const unreachableAfterMs = 4_000;
/** After a server lost its memory the members come back to it one by one: until then those still linked stay. */
const returnWithinMs = 10_000;
/** Joining, and then linking, take a few round trips each. */
const peersExpectedMs = 1_500;

/** The viewer's place in the room: the signaling connection, the roles and the links that follow from them. */
export class Room {
  readonly links: Links;
  viewerId: string | null = null;
  members: Member[] = [];
  epoch = 0;
  #context: Context;
  #listener: RoomListener;
  #connection: SignalingConnection;
  #resumeKey: string | null = null;
  #profile: ViewerProfile;
  #reportAtMs: number | null = null;
  #giveUpAtMs: number | null = null;
  #accused = new Set<string>();
  /** Why the server sent us away last. */
  #refusal: ServerErrorCode | null = null;
  #startedAtMs = 0;
  #joinedAtMs: number | null = null;
  #alone = false;
  #told: Member[] = [];
  #returning: { members: Member[]; untilMs: number } | null = null;
  #membersById = new Map<string, Member>();
  #lastReport = '';
  edgeHealth: EdgeHealth = 'healthy';
  bufferMs: number | null = null;
  uplinkBytesPerSecond: number | null = null;

  constructor(context: Context, listener: RoomListener) {
    this.#context = context;
    this.#listener = listener;
    this.#profile = context.options.profile;
    this.links = new Links(context, (peer) => listener.linkDropped(peer));
    this.#connection = new SignalingConnection(
      context,
      () => ({ resumeKey: this.#resumeKey, profile: this.#profile }),
      () => this.signalingClosed(),
    );
  }

  /** Whether others may be sent anything. */
  get uploads(): boolean {
    const { metered, saveData, uploadAllowed, peersAllowed } = this.#profile;
    return uploadAllowed && peersAllowed && !metered && !saveData;
  }

  /** Not in the room and not about to be: nobody else can help. */
  get isAlone(): boolean {
    return this.#alone;
  }

  /**
   * Until when peers may still turn up although none is linked. What the player needs soon does not wait for them;
   * what it needs later does, or every joiner would read its first buffer from the edge.
   */
  get peersExpectedUntilMs(): number {
    if (this.isAlone || (this.#joinedAtMs !== null && this.members.length < 2)) return 0;
    return (this.#joinedAtMs ?? this.#startedAtMs) + peersExpectedMs;
  }

  member(viewerId: string): Member | undefined {
    return this.#membersById.get(viewerId);
  }

  start(): void {
    this.#context.emit({ type: 'status', status: 'joining', reason: null });
    this.#startedAtMs = this.#context.nowMs;
    this.#giveUpLater();
    this.#connection.connect();
  }

  changeProfile(profile: ViewerProfile): void {
    this.#profile = profile;
    this.#report();
    this.#listener.membersChanged();
  }

  /** Something that the server should know at once. */
  changed(): void {
    this.#report();
  }

  signalingClosed(): void {
    const wasJoined = this.#connection.isJoined;
    this.#reportAtMs = null;
    this.#connection.closed();
    if (!wasJoined) return;
    this.#context.emit({ type: 'status', status: 'reconnecting', reason: null });
    this.#giveUpLater();
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
        if (this.#profile.peersAllowed && this.#membersById.has(frame.from))
          this.links.signalReceived(frame.from, frame.signal);
        return;
      case 'heartbeat':
      case 'descriptors':
        return;
      case 'integrity':
        return this.#listener.attested(frame.integrity.mode === 'attested');
      case 'error':
        return this.#refused(frame);
      case 'bye':
        if (frame.reason === 'replaced') this.#stop('removed');
        else this.#connection.comeBackAfter(frame.reconnectAfterMs);
        return;
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
    if (this.#reportAtMs !== null && nowMs >= this.#reportAtMs) this.#report();
    else if (this.#reportAtMs !== null) this.#context.wakeAt(this.#reportAtMs);
    if (this.#returning && nowMs < this.#returning.untilMs) {
      this.#context.wakeAt(this.#returning.untilMs);
    } else if (this.#returning) {
      this.#returning = null;
      this.#applyMembers();
    }
    if (this.#giveUpAtMs !== null) {
      if (nowMs < this.#giveUpAtMs) this.#context.wakeAt(this.#giveUpAtMs);
      else {
        this.#giveUpAtMs = null;
        this.#alone = true;
        const reason = this.#refusal ?? 'signaling_unreachable';
        this.#context.emit({ type: 'status', status: 'alone', reason });
      }
    }
    this.links.tick();
  }

  /** Nobody is told at once: a reconnect takes a moment. */
  #giveUpLater(): void {
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
    this.#listener.attested(frame.integrity.mode === 'attested');
    this.links.join(frame.viewerId, this.#context.options.iceServers ?? frame.iceServers);
    const alone = this.#profile.peersAllowed ? null : this.#context.options.noPeersReason;
    this.#alone = alone !== null;
    this.#context.emit({ type: 'status', status: alone ? 'alone' : 'joined', reason: alone });
    if (!frame.resumed && this.members.length > 1) {
      this.#returning = { members: this.members, untilMs: this.#context.nowMs + returnWithinMs };
      this.#context.wakeAt(this.#returning.untilMs);
    }
    // A server that lost its memory counts epochs anew, so a welcome always sets the base.
    this.#follow(frame.directive);
    this.#lastReport = '';
    this.#reportAtMs = this.#context.nowMs + frame.heartbeatIntervalMs;
    this.#context.wakeAt(this.#reportAtMs);
  }

  #follow(directive: DirectiveFrame): void {
    this.epoch = directive.epoch;
    this.#told = directive.members;
    const { epoch, deviceRole, groupRole, groupId } = directive;
    this.#context.emit({ type: 'role', epoch, deviceRole, groupRole, groupId });
    this.#applyMembers();
  }

  #applyMembers(): void {
    const told = new Set(this.#told.map(({ viewerId }) => viewerId));
    const returning = (this.#returning?.members ?? []).filter(
      ({ viewerId }) => !told.has(viewerId) && this.links.open.has(viewerId),
    );
    const members = [...this.#told, ...returning];
    this.#setMembers(members);
    if (this.#profile.peersAllowed) this.links.follow(members);
    this.#listener.membersChanged();
  }

  /** The member sent what is proven wrong: nothing more of it is taken, and the server is told. */
  accuse(peer: string): void {
    this.#accused.add(peer);
    this.links.ban(peer);
    this.changed();
  }

  #takeAccused(): string[] {
    const accused = [...this.#accused].slice(0, limits.groupMembersMax);
    for (const peer of accused) this.#accused.delete(peer);
    return accused;
  }

  #refused({ code, message, fatal, retryAfterMs }: ErrorFrame): void {
    this.#context.emit({ type: 'error', code, message, fatal });
    if (!fatal) return;
    this.#refusal = code;
    if (retryAfterMs !== undefined) this.#connection.comeBackAfter(retryAfterMs);
    else if (!retryable.has(code)) this.#stop(code);
  }

  #setMembers(members: Member[]): void {
    this.members = members;
    this.#membersById = new Map(members.map((member) => [member.viewerId, member]));
  }

  /** The room is closed to this viewer: it plays alone from now on. */
  #stop(code: ServerErrorCode): void {
    this.#connection.stop();
    this.#reportAtMs = null;
    this.#giveUpAtMs = null;
    this.#alone = true;
    this.#setMembers([]);
    this.links.follow([]);
    this.#listener.membersChanged();
    this.#context.emit({ type: 'status', status: 'alone', reason: code });
  }

  #report(): void {
    if (!this.#connection.isJoined) return;
    const { nowMs } = this.#context;
    const facts = {
      type: 'report' as const,
      profile: this.#profile,
      edgeHealth: this.edgeHealth,
      lostMembers: this.links.takeLost(),
      accusedMembers: this.#takeAccused(),
      plays: this.#listener.plays(),
    };
    const urgent = JSON.stringify([facts.profile, facts.edgeHealth, facts.plays]);
    const due = this.#reportAtMs !== null && nowMs >= this.#reportAtMs;
    const isNews = facts.lostMembers.length + facts.accusedMembers.length > 0;
    if (!due && urgent === this.#lastReport && !isNews) return;
    this.#lastReport = urgent;
    this.#context.emit({
      type: 'sendFrame',
      frame: {
        ...facts,
        epoch: this.epoch,
        bufferMs: this.bufferMs,
        uplinkBytesPerSecond: this.uplinkBytesPerSecond,
        neighbourCount: this.links.open.size,
      },
    });
    this.#reportAtMs = nowMs + this.#connection.heartbeatIntervalMs;
    this.#context.wakeAt(this.#reportAtMs);
  }
}
