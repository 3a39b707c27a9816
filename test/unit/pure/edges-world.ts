import {
  createEdgeDirectory,
  type EdgeAnswer,
  type EdgesEvent,
} from '../../../signaling/core/index.ts';
import {
  limits as defaults,
  type EdgeNeeds,
  type EdgeOutcome,
  type EdgesBody,
  type KpiTexts,
  type Limits,
  parseEdges,
  parseKpis,
} from '../../../signaling/protocol/index.ts';
import type { EdgeHeartbeat, EdgeRegistration } from '../../../signaling/protocol/registration.ts';

type DirectoryOptions = NonNullable<Parameters<typeof createEdgeDirectory>[0]>;

/** A viewer as it sees itself: what it was told. */
export interface ToldViewer {
  connectionId: string;
  room: string;
  /** Newest. */
  body: EdgesBody | null;
  toldCount: number;
  told: { atMs: number; body: EdgesBody }[];
}

export interface ViewerOptions {
  room?: string;
  deviceId?: string;
  subject?: string;
  network?: string | null;
  needs?: EdgeNeeds | null;
  isReturning?: boolean;
}

/** What an edge says, with its KPIs as texts. */
export type Said = Partial<Omit<EdgeRegistration, 'edgeId' | 'kpis'>> & { kpis?: KpiTexts };

/** As it is once it was parsed. */
export function registrationOf(
  edgeId: string,
  { kpis = {}, ...said }: Said = {},
): EdgeRegistration {
  const offered = parseKpis(kpis);
  if (typeof offered === 'string') throw new Error(`no such KPI: ${offered}`);
  return {
    ...{ edgeId, name: edgeId, baseUrl: `https://${edgeId}.example/`, rooms: null, region: null },
    ...{ load: null, costPerGigabyte: null, role: 'active' },
    ...said,
    kpis: offered,
  };
}

export function outcome(edgeId: string, more: Partial<EdgeOutcome> = {}): EdgeOutcome {
  return {
    ...{ edgeId, successCount: 3, failureCount: 0, firstByteMs: null, bytesPerMs: null },
    ...more,
  };
}

/** Drives a real directory with a clock of its own, delivers what it tells, and checks every effect. */
export function createEdgesWorld(options: DirectoryOptions = {}) {
  const limits: Limits = { ...defaults, ...options.limits };
  const directory = createEdgeDirectory(options);
  const viewers = new Map<string, ToldViewer>();
  const counts = new Map<string, number>();
  /** Texts, as they are signed. */
  const bodies: string[] = [];
  // At the begin of a window.
  let nowMs = 1_000_000;
  let wakeAtMs: number | null = null;

  function handle(event: EdgesEvent): EdgeAnswer | null {
    let answer: EdgeAnswer | null = null;
    for (const effect of directory.handle(event, nowMs)) {
      if (effect.type === 'answer') answer = effect.answer;
      else if (effect.type === 'count')
        counts.set(effect.metric, (counts.get(effect.metric) ?? 0) + effect.value);
      else if (effect.type === 'wakeAt') {
        if (effect.atMs < nowMs + limits.edgesIntervalMs)
          throw new Error(`wakeAt ${effect.atMs} at ${nowMs}`);
        wakeAtMs = effect.atMs;
      } else tell(effect.connectionIds, effect.body);
    }
    return answer;
  }

  function tell(connectionIds: string[], text: string): void {
    const body = parseEdges(text);
    if (!body) throw new Error(`not what a viewer would take: ${text}`);
    if (text.length > limits.edgesBytesMax) throw new Error(`${text.length} bytes`);
    bodies.push(text);
    for (const connectionId of connectionIds) {
      const viewer = viewers.get(connectionId);
      if (!viewer) throw new Error(`told the unknown connection ${connectionId}`);
      if (body.room !== viewer.room) throw new Error(`told of another room`);
      if (viewer.body && body.version <= viewer.body.version)
        throw new Error(`version ${body.version} after ${viewer.body.version}`);
      viewer.body = body;
      viewer.toldCount++;
      viewer.told.push({ atMs: nowMs, body });
    }
  }

  const world = {
    directory,
    limits,
    viewers,
    counts,
    bodies,
    handle,
    get nowMs() {
      return nowMs;
    },
    register(edgeId: string, said: Said = {}): EdgeAnswer | null {
      return handle({ type: 'registered', registration: registrationOf(edgeId, said) });
    },
    beat(edgeId: string, heartbeat: EdgeHeartbeat = {}): EdgeAnswer | null {
      return handle({ type: 'heartbeat', edgeId, heartbeat });
    },
    deregister: (edgeId: string) => handle({ type: 'deregistered', edgeId }),
    join(connectionId: string, more: ViewerOptions = {}): ToldViewer {
      const { room = 'room', deviceId = `device-${connectionId}`, network = 'network' } = more;
      const { subject = `subject-${connectionId}`, needs = null } = more;
      const { isReturning = false } = more;
      const viewer = { connectionId, room, body: null, toldCount: 0, told: [] };
      viewers.set(connectionId, viewer);
      handle({
        type: 'viewerJoined',
        ...{ connectionId, room, deviceId, subject, network, needs, isReturning },
      });
      return viewer;
    },
    leave(connectionId: string): void {
      viewers.delete(connectionId);
      handle({ type: 'viewerLeft', connectionId });
    },
    report(connectionId: string, outcomes: EdgeOutcome[], edgeId: string | null = null): void {
      handle({ type: 'outcomes', connectionId, edgeId, outcomes });
    },
    /** Lets time pass; whoever is named sends its heartbeats. */
    advance(ms: number, alive: readonly string[] = []): void {
      const endMs = nowMs + ms;
      const beatMs = Math.floor(limits.edgeLeaseMs / 3);
      for (;;) {
        const nextBeatMs = (Math.floor(nowMs / beatMs) + 1) * beatMs;
        const nextMs = Math.min(nextBeatMs, wakeAtMs ?? Number.POSITIVE_INFINITY);
        if (nextMs > endMs) break;
        nowMs = nextMs;
        if (wakeAtMs === nextMs) {
          wakeAtMs = null;
          handle({ type: 'woke' });
        }
        if (nextBeatMs === nextMs) for (const edgeId of alive) world.beat(edgeId);
      }
      nowMs = endMs;
    },
    namesOf: (connectionId: string) =>
      Object.fromEntries(
        (viewers.get(connectionId)?.body?.edges ?? []).map(({ name, edgeId }) => [name, edgeId]),
      ),
    idsOf: (connectionId: string) =>
      viewers.get(connectionId)?.body?.edges.map(({ edgeId }) => edgeId) ?? [],
    reasons(room = 'room', needs: EdgeNeeds | null = null): Record<string, string> {
      const request = { room, needs, deviceId: null, network: null };
      const { excluded } = directory.discover(request, nowMs);
      return Object.fromEntries(
        excluded.map(({ edgeId, reason, kpi }) => [edgeId, kpi ? `${reason} ${kpi}` : reason]),
      );
    },
  };
  return world;
}

export type EdgesWorld = ReturnType<typeof createEdgesWorld>;
