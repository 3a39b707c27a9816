import type {
  EdgeAnswer,
  EdgeDirectory,
  EdgesEffect,
  EdgesEvent,
  EdgesRequest,
} from '../core/index.ts';
import type { JoinFrame, Limits, ReportFrame, SignedEdges } from '../protocol/index.ts';
import { createOutbox } from './edges-outbox.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
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

/** Feeds the directory of edges and performs its effects: the only place that has a timer for them. */
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
  const queue: EdgesEvent[] = [];
  let busy = false;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let answer: EdgeAnswer | null = null;
  const outbox = createOutbox({
    connections,
    sliceMax: limits.edgesSentPerTurnMax,
    failed: (error) => log.warn('internal', { type: 'tell', message: String(error) }),
  });

  function perform(effect: EdgesEffect): void {
    if (effect.type === 'count') metrics.edgeEvent(effect.metric, effect.value);
    else if (effect.type === 'answer') answer = effect.answer;
    else if (effect.type === 'wakeAt') {
      clearTimeout(timer);
      if (closed) return;
      timer = setTimeout(() => handle({ type: 'woke' }), Math.max(1, effect.atMs - nowMs()));
    } else {
      const text = JSON.stringify({ type: 'edges', signed: signer.signText(effect.body) });
      outbox.add(text, effect.connectionIds);
    }
  }

  function handle(event: EdgesEvent): void {
    // Telling somebody who does not read cuts him, which is an event: it waits until the effects are through.
    queue.push(event);
    if (busy) return;
    busy = true;
    for (let next = queue.shift(); next; next = queue.shift()) {
      try {
        for (const effect of directory.handle(next, nowMs())) perform(effect);
      } catch (error) {
        log.warn('internal', { type: next.type, message: String(error) });
      }
    }
    busy = false;
    outbox.send();
  }

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
      closed = true;
      clearTimeout(timer);
      outbox.close();
    },
  };
}
