import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type {
  CountedMetric,
  EdgesMetric,
  EdgesStats,
  MessagesMetric,
  MessagesStats,
  RoomsStats,
} from '../core/index.ts';
import type { MessageRefusalCode, ServerErrorCode } from '../protocol/index.ts';
import type { EdgeErrorCode } from './edge-errors.ts';
import type { SteeringErrorCode } from './steering.ts';
import type { ReadErrorCode } from './stream-reader.ts';

export interface Metrics extends AttestorMetrics, EdgeMetrics {
  /** A frame, socket or join that was refused. */
  refused(code: ServerErrorCode | SteeringErrorCode | MessageRefusalCode): void;
  event(metric: CountedMetric, value: number): void;
  messageEvent(metric: MessagesMetric, value: number): void;
  received(bytes: number): void;
  sent(type: string, bytes: number): void;
  /** A socket whose reader fell behind was cut. */
  slowReader(): void;
  /** In the Prometheus text format. */
  text(): Promise<string>;
  readonly contentType: string;
}

interface AttestorMetrics {
  /** The attestor vouches for one more segment, so long after a playlist first named it. */
  attested(lagMs: number): void;
  /** Bytes of streams, playlists included. */
  attestorRead(bytes: number): void;
  attestorFailed(code: ReadErrorCode | 'capacity'): void;
}

interface EdgeMetrics {
  edgeEvent(metric: EdgesMetric, value: number): void;
  /** A request of an edge, or for edges, that was refused. */
  edgeRefused(code: EdgeErrorCode): void;
}

/** Counters of one server, in a registry of its own. */
export function createMetrics(
  stats: () => RoomsStats & {
    sockets: number;
    attestedRooms: number;
    edges: EdgesStats;
    messages: MessagesStats;
  },
): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const refusals = counter('holdfast_refusals_total', 'Refused input, by error code', ['code']);
  const events = counter('holdfast_room_events_total', 'What happened in rooms', ['event']);
  const messages = counter('holdfast_message_events_total', 'Messages of rooms', ['event']);
  const framesReceived = counter('holdfast_frames_received_total', 'Frames of viewers');
  const bytesReceived = counter('holdfast_received_bytes_total', 'Bytes of frames of viewers');
  const framesSent = counter('holdfast_frames_sent_total', 'Frames to viewers', ['type']);
  const bytesSent = counter('holdfast_sent_bytes_total', 'Bytes of frames to viewers');
  const slowReaders = counter(
    'holdfast_slow_readers_total',
    'Sockets cut because they were not read',
  );
  gauge('holdfast_attested_rooms', 'Rooms whose stream is read', () => stats().attestedRooms);
  gauge('holdfast_sockets', 'Open sockets, joined or not', () => stats().sockets);
  gauge('holdfast_rooms', 'Rooms with viewers', () => stats().rooms);
  gauge('holdfast_groups', 'Groups of all rooms', () => stats().groups);
  gauge('holdfast_viewers', 'Viewers with a place', () => stats().viewers);
  gauge('holdfast_viewers_connected', 'Viewers with a socket', () => stats().connected);
  gauge('holdfast_messages_kept', 'Messages kept for newcomers', () => stats().messages.kept);
  gauge('holdfast_messages_kept_bytes', 'Bytes of these', () => stats().messages.keptBytes);
  gauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time used',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1_000_000);
    },
  });

  function gauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  return {
    refused: (code) => refusals.inc({ code }),
    event: (metric, value) => events.inc({ event: metric }, value),
    messageEvent: (metric, value) => messages.inc({ event: metric }, value),
    received(bytes) {
      framesReceived.inc();
      bytesReceived.inc(bytes);
    },
    sent(type, bytes) {
      framesSent.inc({ type });
      bytesSent.inc(bytes);
    },
    slowReader: () => slowReaders.inc(),
    ...createAttestorMetrics(registers),
    ...createEdgeMetrics(registers, () => stats().edges),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function createAttestorMetrics(registers: Registry[]): AttestorMetrics {
  const bytes = new Counter({
    name: 'holdfast_attestor_bytes_total',
    help: 'Bytes of streams read to attest',
    registers,
  });
  const failures = new Counter({
    name: 'holdfast_attestor_failures_total',
    help: 'Reads of streams that failed, by code',
    labelNames: ['code'],
    registers,
  });
  const lag = new Histogram({
    name: 'holdfast_attested_lag_seconds',
    help: 'Attested segments, by the time since a playlist first named them',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  return {
    attested: (lagMs) => lag.observe(lagMs / 1_000),
    attestorRead: (byteCount) => bytes.inc(byteCount),
    attestorFailed: (code) => failures.inc({ code }),
  };
}

function createEdgeMetrics(registers: Registry[], stats: () => EdgesStats): EdgeMetrics {
  const counter = (name: string, help: string, label: string) =>
    new Counter({ name, help, labelNames: [label], registers });
  const events = counter('holdfast_edge_events_total', 'What happened to edges', 'event');
  const refusals = counter('holdfast_edge_refusals_total', 'Refused requests, by code', 'code');
  new Gauge({
    name: 'holdfast_edges',
    help: 'Edges with a lease, and those of the configuration, by role',
    labelNames: ['role'],
    registers,
    collect() {
      const { active, spare, draining } = stats();
      for (const [role, value] of Object.entries({ active, spare, draining }))
        this.set({ role }, value);
    },
  });
  return {
    edgeEvent: (metric, value) => events.inc({ event: metric }, value),
    edgeRefused: (code) => refusals.inc({ code }),
  };
}
