import { createEdgeDirectory, type EdgesEvent } from '../../../signaling/core/index.ts';
import {
  type EdgesBody,
  type Kpis,
  limits,
  parseEdges,
  type ReportFrame,
} from '../../../signaling/protocol/index.ts';
import type { EdgeRegistration } from '../../../signaling/protocol/registration.ts';
import { type Clock, serverPlace } from './clock.ts';
import type { EdgeServer, EdgeSpec } from './edge.ts';

/** An edge of several, as it registers. */
export interface FleetEdge extends Partial<EdgeSpec> {
  edgeId: string;
  kpis?: Kpis;
  costPerGigabyte?: number;
  role?: EdgeRegistration['role'];
}

const heartbeatIntervalMs = limits.edgeLeaseMs / 3;

/** The real directory of the server, with the edges that it is told of by themselves. */
export class Fleet {
  readonly #directory = createEdgeDirectory();
  #clock: Clock;
  #tell: (connectionId: string, body: EdgesBody) => void;

  constructor(
    clock: Clock,
    specs: readonly FleetEdge[],
    edges: readonly EdgeServer[],
    tell: (connectionId: string, body: EdgesBody) => void,
  ) {
    this.#clock = clock;
    this.#tell = tell;
    for (const [index, spec] of specs.entries()) {
      const edge = edges[index] as EdgeServer;
      this.#register(spec, edge);
      this.#beat(spec, edge);
    }
  }

  handle(event: EdgesEvent): void {
    for (const effect of this.#directory.handle(event, this.#clock.nowMs)) {
      if (effect.type === 'wakeAt')
        this.#clock.at(effect.atMs, () => this.handle({ type: 'woke' }), serverPlace);
      else if (effect.type === 'tell') {
        const body = parseEdges(effect.body);
        if (!body) throw new Error(`the server tells what no viewer takes: ${effect.body}`);
        for (const connectionId of effect.connectionIds) this.#tell(connectionId, body);
      } else if (effect.type === 'answer' && !effect.answer.ok)
        throw new Error(`an edge is refused: ${effect.answer.message}`);
    }
  }

  reported(connectionId: string, { edgeId, edgeOutcomes = [] }: ReportFrame): void {
    if (edgeId === undefined && edgeOutcomes.length === 0) return;
    const outcomes = edgeOutcomes;
    this.handle({ type: 'outcomes', connectionId, edgeId: edgeId ?? null, outcomes });
  }

  #register(
    { edgeId, kpis = {}, costPerGigabyte = 0, role = 'active' }: FleetEdge,
    edge: EdgeServer,
  ): void {
    const { baseUrl } = edge;
    this.handle({
      type: 'registered',
      registration: {
        ...{ edgeId, name: edgeId, baseUrl: `${baseUrl}/`, rooms: null, region: null },
        ...{ kpis, load: null, costPerGigabyte, role },
      },
    });
  }

  /** Says how busy it is, as long as the server can hear it. */
  #beat(spec: FleetEdge, edge: EdgeServer): void {
    const { servedBytes } = edge;
    const { edgeId, uplinkBitsPerSecond } = spec;
    this.#clock.after(
      heartbeatIntervalMs,
      () => {
        const bytesMax = ((uplinkBitsPerSecond ?? 0) * heartbeatIntervalMs) / 8_000;
        const load = bytesMax > 0 ? Math.min(1, (edge.servedBytes - servedBytes) / bytesMax) : null;
        if (!edge.isSilent) this.handle({ type: 'heartbeat', edgeId, heartbeat: { load } });
        this.#beat(spec, edge);
      },
      serverPlace,
    );
  }
}
