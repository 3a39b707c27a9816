import type {
  EdgeAnswer,
  EdgeDirectory,
  EdgesEffect,
  EdgesEvent,
  EdgesRequest,
} from '../core/index.ts';
import type { JoinFrame, Limits, ReportFrame, SignedEdges } from '../protocol/index.ts';
import { createDriver } from './driver.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { createOutbox } from './outbox.ts';
import type { Signer } from './signer.ts';
import type { Connection } from './socket.ts';

export interface EdgesOptions {
  directory: EdgeDirectory;
  /** Connections that effects may address. */
  connections: ReadonlyMap<string, Connection>;
  signer: Signer;
  limits: Limits;
  metrics: Metrics;
  log: Log;
  nowMs: () => number;
}

/** Feeds the directory of edges and performs its effects. */
export interface Edges {
  /** To be called after the welcome. */
  join(connection: Connection, subject: string, frame: JoinFrame, isReturning: boolean): void;
  report(connection: Connection, frame: ReportFrame): void;
  leave(connection: Connection): void;
  /** Null when it failed. */
  ask(
    event: Extract<EdgesEvent, { type: 'registered' | 'heartbeat' | 'deregistered' }>,
  ): EdgeAnswer | null;
  discover(request: EdgesRequest): SignedEdges;
  close(): void;
}

export function createEdges(options: EdgesOptions): Edges {
  const { directory, connections, signer, limits, metrics, log, nowMs } = options;
  let answer: EdgeAnswer | null = null;
  const outbox = createOutbox({
    connections,
    sliceMax: limits.sentPerTurnMax,
    failed: (error) => log.warn('internal', { type: 'tell', message: String(error) }),
  });
  const { handle, close } = createDriver<EdgesEvent, EdgesEffect>({
    core: directory,
    nowMs,
    perform(effect) {
      if (effect.type === 'count') metrics.edgeEvent(effect.metric, effect.value);
      else if (effect.type === 'answer') answer = effect.answer;
      else {
        const text = JSON.stringify({ type: 'edges', signed: signer.signText(effect.body) });
        outbox.add('edges', text, effect.connectionIds);
      }
    },
    failed: (event, error) => log.warn('internal', { type: event.type, message: String(error) }),
    rested: outbox.send,
  });

  return {
    join({ connectionId, network }, subject, { room, deviceId, needs = null }, isReturning) {
      handle({
        type: 'viewerJoined',
        ...{ connectionId, room, deviceId, subject, network, needs, isReturning },
      });
    },
    report({ connectionId }, { edgeId = null, edgeOutcomes = [] }) {
      handle({ type: 'outcomes', connectionId, edgeId, outcomes: edgeOutcomes });
    },
    leave: ({ connectionId }) => handle({ type: 'viewerLeft', connectionId }),
    ask(event) {
      answer = null;
      handle(event);
      return answer;
    },
    discover: (request) => signer.signText(JSON.stringify(directory.discover(request, nowMs()))),
    close() {
      close();
      outbox.close();
    },
  };
}
