import { createRooms, type RoomsEffect, type RoomsEvent } from '../../../signaling/core/index.ts';
import {
  type DirectiveFrame,
  limits as defaults,
  type HoldingsFrame,
  type Limits,
  type ReportFrame,
  type ServerFrame,
  type ViewerProfile,
  type WelcomeFrame,
} from '../../../signaling/protocol/index.ts';

export const willing: ViewerProfile = {
  metered: false,
  saveData: false,
  uploadAllowed: true,
  peersAllowed: true,
  batteryLevel: null,
};

/** A viewer as it sees itself, from nothing but the frames it got. */
export interface Client {
  viewerId: string;
  connectionId: string;
  room: string;
  deviceId: string;
  leads: boolean;
  subject: string;
  profile: ViewerProfile;
  report: Omit<ReportFrame, 'profile' | 'lostMembers' | 'missedMaster' | 'accusedMembers'>;
  welcome: WelcomeFrame | null;
  /** Newest, from welcome or directive. */
  directive: DirectiveFrame | null;
  /** Since the last `take`. */
  frames: ServerFrame[];
  closed: string | null;
  epochMax: number;
}

export interface JoinOptions {
  room?: string;
  deviceId?: string;
  leads?: boolean;
  subject?: string;
  profile?: Partial<ViewerProfile>;
}

/** Drives real rooms with a clock of its own, delivers effects to clients, and checks every effect. */
export function createWorld(overrides: Partial<Limits> = {}) {
  const limits = { ...defaults, ...overrides };
  const rooms = createRooms({ limits: overrides, random: () => 0.5 });
  const clients = new Map<string, Client>();
  const byConnection = new Map<string, Client>();
  const counts = new Map<string, number>();
  let nowMs = 1_000;
  let wakeAtMs: number | null = null;
  let connectionCount = 0;

  function handle(event: RoomsEvent): RoomsEffect[] {
    const effects = rooms.handle(event, nowMs);
    for (const effect of effects) {
      if (effect.type === 'wakeAt') {
        if (effect.atMs <= nowMs) throw new Error(`wakeAt ${effect.atMs} at ${nowMs}`);
        wakeAtMs = effect.atMs;
      } else if (effect.type === 'count') {
        counts.set(effect.metric, (counts.get(effect.metric) ?? 0) + effect.value);
      } else {
        const client = byConnection.get(effect.connectionId);
        if (!client)
          throw new Error(`${effect.type} to the unknown connection ${effect.connectionId}`);
        if (effect.type === 'close') close(client, effect.connectionId, effect.reason);
        else receive(client, effect.connectionId, effect.frame);
      }
    }
    return effects;
  }

  function close(client: Client, connectionId: string, reason: string): void {
    byConnection.delete(connectionId);
    if (client.connectionId === connectionId) client.closed = reason;
  }

  function receive(client: Client, connectionId: string, frame: ServerFrame): void {
    // The bye of a taken-over connection is not for the new one.
    if (client.connectionId !== connectionId) return;
    client.frames.push(frame);
    if (frame.type === 'welcome') client.welcome = frame;
    const directive = frame.type === 'welcome' ? frame.directive : frame;
    if (directive.type !== 'directive') return;
    checkDirective(client, directive, limits);
    client.directive = directive;
    client.epochMax = directive.epoch;
  }

  function connect(client: Client): Client {
    client.connectionId = `c${connectionCount++}`;
    client.closed = null;
    client.welcome = null;
    byConnection.set(client.connectionId, client);
    const { connectionId, room, subject, deviceId, leads, profile, viewerId } = client;
    handle({
      type: 'joinAccepted',
      connectionId,
      room,
      subject,
      deviceId,
      leads,
      profile,
      viewerId,
      resumeKey: `key-${viewerId}`,
    });
    return client;
  }

  const world = {
    limits,
    rooms,
    clients,
    counts,
    handle,
    get nowMs() {
      return nowMs;
    },
    client(viewerId: string): Client {
      const client = clients.get(viewerId);
      if (!client) throw new Error(`no client ${viewerId}`);
      return client;
    },
    join(viewerId: string, options: JoinOptions = {}): Client {
      const client: Client = {
        viewerId,
        connectionId: '',
        room: options.room ?? 'room',
        deviceId: options.deviceId ?? `device-${viewerId}`,
        leads: options.leads ?? false,
        subject: options.subject ?? `subject-${viewerId}`,
        profile: { ...willing, ...options.profile },
        report: {
          type: 'report',
          epoch: 0,
          edgeHealth: 'healthy',
          bufferMs: null,
          uplinkBytesPerSecond: null,
          neighbourCount: 29,
          plays: [],
        },
        welcome: null,
        directive: null,
        frames: [],
        closed: null,
        epochMax: -1,
      };
      clients.set(viewerId, client);
      return connect(client);
    },
    /** Connects again with the resume key, whether the old socket is gone or not. */
    resume: (viewerId: string) => connect(world.client(viewerId)),
    drop(viewerId: string): void {
      const client = world.client(viewerId);
      byConnection.delete(client.connectionId);
      client.closed ??= 'dropped';
      handle({ type: 'disconnected', connectionId: client.connectionId });
    },
    leave(viewerId: string): void {
      handle({
        type: 'frame',
        connectionId: world.client(viewerId).connectionId,
        frame: { type: 'leave' },
      });
    },
    report(
      viewerId: string,
      change: Partial<Omit<ReportFrame, 'profile'>> & { profile?: Partial<ViewerProfile> } = {},
    ): RoomsEffect[] {
      const client = world.client(viewerId);
      const { profile, lostMembers = [], missedMaster, accusedMembers = [], ...rest } = change;
      client.profile = { ...client.profile, ...profile };
      client.report = { ...client.report, ...rest };
      const news = { lostMembers, missedMaster, accusedMembers };
      const frame = { ...client.report, profile: client.profile, ...news };
      return handle({ type: 'frame', connectionId: client.connectionId, frame });
    },
    tellHoldings(viewerId: string, change: Partial<HoldingsFrame>): void {
      const { connectionId } = world.client(viewerId);
      const frame: HoldingsFrame = {
        type: 'holdings',
        gained: [],
        lost: [],
        playing: [],
        ...change,
      };
      handle({ type: 'frame', connectionId, frame });
    },
    signal(from: string, to: string): void {
      const { connectionId } = world.client(from);
      handle({ type: 'frame', connectionId, frame: { type: 'signal', to, signal: { sdp: from } } });
    },
    /** Lets time pass, waking the rooms when they asked for it; reports keep sockets alive unless told not to. */
    advance(durationMs: number, reporting = true): void {
      const endMs = nowMs + durationMs;
      for (let reportAtMs = nowMs + 4_000; ; ) {
        const nextMs = Math.min(reporting ? reportAtMs : endMs, wakeAtMs ?? endMs, endMs);
        nowMs = Math.max(nowMs, nextMs);
        if (wakeAtMs !== null && wakeAtMs <= nowMs) {
          wakeAtMs = null;
          handle({ type: 'woke' });
        } else if (reporting && reportAtMs <= nowMs) {
          reportAtMs += 4_000;
          for (const [viewerId, client] of clients)
            if (client.closed === null) world.report(viewerId);
        } else if (nowMs >= endMs) return;
      }
    },
    take(viewerId: string): ServerFrame[] {
      return world.client(viewerId).frames.splice(0);
    },
    takeAll(): ServerFrame[] {
      return [...clients.keys()].flatMap((viewerId) => world.take(viewerId));
    },
    /** Those that believe to be connected. */
    connected: () => [...clients.values()].filter((client) => client.closed === null),
    groupRole: (viewerId: string) => world.client(viewerId).directive?.groupRole,
    deviceRole: (viewerId: string) => world.client(viewerId).directive?.deviceRole,
    /** Viewer ids with this role, as the directive of one member tells. */
    named(viewerId: string, role: string): string[] {
      const members = world.client(viewerId).directive?.members ?? [];
      return members.filter((member) => member.role === role).map((member) => member.viewerId);
    },
  };
  return world;
}

export type World = ReturnType<typeof createWorld>;

/** What must hold of any directive by itself. */
function checkDirective(client: Client, directive: DirectiveFrame, limits: Limits): void {
  const fail = (message: string): never => {
    throw new Error(`${message}: ${client.viewerId} got ${JSON.stringify(directive)}`);
  };
  if (directive.epoch < client.epochMax) fail(`epoch went back from ${client.epochMax}`);
  const { deviceRole, groupRole, siblings = [] } = directive;
  const isMember = deviceRole === 'master';
  const membersMax = isMember ? limits.groupMembersMax : limits.viewersPerDeviceMax;
  if (directive.members.length > membersMax) fail('too many members');
  if (!isMember && (groupRole !== 'slave' || siblings.length > 0)) fail('a slave that feeds');
  if (isMember === (directive.withheld !== undefined)) fail('a master without its stream');
  const across = siblings.filter(({ viewerId }) =>
    directive.members.some((member) => member.viewerId === viewerId),
  );
  if (across.length > 0) fail('a sibling in the group');
  const own = directive.members.filter((member) => member.viewerId === client.viewerId);
  if (own.length !== 1) fail('does not name the viewer once');
  // Whoever stands by leads where the master has dropped or may not upload.
  const isRight = own[0]?.role === (isMember ? groupRole : deviceRole) || own[0]?.role === 'master';
  if (!isRight) fail('names two roles');
  if (
    new Set(directive.members.map((member) => member.viewerId)).size !== directive.members.length
  ) {
    fail('names a member twice');
  }
  const masters = directive.members.filter((member) => member.role === 'master');
  if (masters.length > limits.mastersPerGroupMax) fail('too many masters');
  if (isMember && masters.some((member) => !member.uploads)) fail('an unwilling master');
  if (!isMember && masters.length > 1) fail('two masters of a device');
  if (directive.members.filter((member) => member.role === 'secondary').length > 1) {
    fail('two secondaries');
  }
  if (directive.members.some((member) => member.weight < 1)) fail('a weight below 1');
}
