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

const reconnectMinMs = 500;
/** Long enough that a dead server is not hammered, short enough that nobody notices its return. */
const reconnectMaxMs = 10_000;
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
  #connected = false;
  #resumeKey: string | null = null;
  #profile: ViewerProfile;
  #attempts = 0;
  #connectAtMs: number | null = null;
  #reportAtMs: number | null = null;
  #heartbeatIntervalMs: number = limits.heartbeatIntervalMs;
  #giveUpAtMs: number | null = null;
  #stopped = false;
  #accused = new Set<string>();
  #startedAtMs = 0;
  #joinedAtMs: number | null = null;
  #heardAtMs = 0;
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
    this.#giveUpAtMs = this.#context.nowMs + unreachableAfterMs;
    this.#connect();
    this.#context.wakeAt(this.#giveUpAtMs);
  }

  changeProfile(profile: ViewerProfile): void {
    this.#profile = profile;
    this.#report();
    this.#listener.membersChanged();
  }

  /** Something that the server should know at once. */
  changed(): void {
    if (this.#connected) this.#report();
  }

  signalingClosed(): void {
    const wasConnected = this.#connected;
    this.#connected = false;
    this.#reportAtMs = null;
    if (this.#stopped) return;
    if (wasConnected) this.#context.emit({ type: 'status', status: 'reconnecting', reason: null });
    // A goodbye or a refusal has said already when to come back.
    if (this.#connectAtMs !== null) return;
    const backoffMs = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** this.#attempts);
    this.#attempts += 1;
    this.#connectLater(backoffMs * (0.5 + this.#context.options.random()));
  }

  receive(frame: ServerFrame): void {
    this.#heardAtMs = this.#context.nowMs;
    switch (frame.type) {
      case 'welcome':
        return this.#welcome(frame);
      case 'directive':
        if (frame.epoch > this.epoch) this.#follow(frame);
        return;
      case 'signal':
        return this.links.signalReceived(frame.from, frame.signal);
      case 'heartbeat':
        return;
      case 'error':
        return this.#refused(frame);
      case 'bye':
        // The socket closes next; what was said here decides when to come back.
        this.#attempts = 0;
        if (frame.reason === 'replaced') this.#stop('removed');
        else this.#connectLater(frame.reconnectAfterMs);
        return;
    }
  }

  linkClosed(peer: string): void {
    if (this.links.closed(peer)) this.changed();
  }

  sendSignal(peer: string, signal: Record<string, unknown>): void {
    if (this.#connected)
      this.#context.emit({ type: 'sendFrame', frame: { type: 'signal', to: peer, signal } });
  }

  tick(): void {
    const { nowMs } = this.#context;
    if (this.#connectAtMs !== null && nowMs >= this.#connectAtMs) this.#connect();
    else if (this.#connectAtMs !== null) this.#context.wakeAt(this.#connectAtMs);
    if (
      this.#connected &&
      nowMs - this.#heardAtMs > this.#heartbeatIntervalMs * (limits.heartbeatsMissedMax + 0.5)
    ) {
      // Half-open sockets stay silent for minutes; the server answers every report.
      this.#context.emit({ type: 'disconnectSignaling' });
      this.signalingClosed();
    }
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
        this.#context.emit({ type: 'status', status: 'alone', reason: 'signaling_unreachable' });
      }
    }
    this.links.tick();
  }

  #connect(): void {
    this.#connectAtMs = null;
    this.#context.emit({
      type: 'connectSignaling',
      resumeKey: this.#resumeKey,
      profile: this.#profile,
    });
  }

  #connectLater(delayMs: number): void {
    this.#connectAtMs = this.#context.nowMs + Math.max(100, delayMs);
    this.#context.wakeAt(this.#connectAtMs);
  }

  #welcome(frame: WelcomeFrame): void {
    this.#connected = true;
    this.#attempts = 0;
    this.#connectAtMs = null;
    this.#giveUpAtMs = null;
    this.#joinedAtMs ??= this.#context.nowMs;
    this.#resumeKey = frame.resumeKey;
    this.#heartbeatIntervalMs = frame.heartbeatIntervalMs;
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
    this.#reportAtMs = this.#context.nowMs + this.#heartbeatIntervalMs;
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
    if (retryAfterMs !== undefined) this.#connectLater(retryAfterMs);
    else if (!retryable.has(code)) this.#stop(code);
  }

  #setMembers(members: Member[]): void {
    this.members = members;
    this.#membersById = new Map(members.map((member) => [member.viewerId, member]));
  }

  /** The room is closed to this viewer: it plays alone from now on. */
  #stop(code: ServerErrorCode): void {
    this.#stopped = true;
    this.#connected = false;
    this.#connectAtMs = null;
    this.#reportAtMs = null;
    this.#giveUpAtMs = null;
    this.#alone = true;
    this.#setMembers([]);
    this.links.follow([]);
    this.#listener.membersChanged();
    this.#context.emit({ type: 'status', status: 'alone', reason: code });
  }

  #report(): void {
    if (!this.#connected) return;
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
    this.#reportAtMs = nowMs + this.#heartbeatIntervalMs;
    this.#context.wakeAt(this.#reportAtMs);
  }
}
