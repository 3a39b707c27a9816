import { limits as defaults, type EdgesBody } from '../../protocol/index.ts';
import { assert } from '../assert.ts';
import { bodyFor } from './choosing.ts';
import { curate, takeOutcomes } from './curating.ts';
import type {
  EdgeAnswer,
  EdgeDirectory,
  EdgesEffect,
  EdgesEvent,
  EdgesOptions,
  EdgesRequest,
} from './events.ts';
import { beat, deregister, register } from './registering.ts';
import { type Context, createContext, markAll, type SampleLearning, settledAt } from './state.ts';
import { createSurveys } from './surveys.ts';
import { join, leave, renewDue, tellDue } from './telling.ts';
import * as thresholds from './thresholds.ts';

/**
 * All edges that the server knows, which of them viewers are told of, and who takes over from whom. Decides only: no
 * clock, no timer, no I/O. What time makes due is done in a sweep, once an interval.
 */
export function createEdgeDirectory(options: EdgesOptions = {}): EdgeDirectory {
  const context = createContext({ ...defaults, ...options.limits });
  const { limits } = context;
  const surveys = createSurveys(context);
  let sweptAtMs = Number.NEGATIVE_INFINITY;
  let learnedAtMs = Number.NEGATIVE_INFINITY;
  let announcedMs: number | null = null;
  for (const registration of options.edges ?? []) {
    const answer = register(context, registration, true);
    assert(answer.ok, 'edges of the configuration fit the limits');
  }

  function sweep(): void {
    sweptAtMs = context.nowMs;
    curate(context);
    context.priors.forget(context.nowMs);
    renewDue(context);
    markAll(context);
    context.bodiesLeft = limits.edgesBodiesPerTurnMax;
    if (context.nowMs < learnedAtMs + thresholds.learnIntervalMs) return;
    learnedAtMs = context.nowMs;
    context.weights = options.learning?.learn(context.nowMs) ?? context.weights;
  }

  /** One wake-up an interval, as long as something can become due. */
  function announceWake(): void {
    if (announcedMs !== null || (context.edges.size === 0 && context.pending.size === 0)) return;
    announcedMs = context.nowMs + limits.edgesIntervalMs;
    context.effects.push({ type: 'wakeAt', atMs: announcedMs });
  }

  return {
    handle(event, nowMs) {
      context.nowMs = Math.max(context.nowMs, nowMs);
      settledAt(context, context.nowMs);
      const effects: EdgesEffect[] = [];
      context.effects = effects;
      context.hasUrgentNews = false;
      if (event.type === 'woke' || (announcedMs !== null && announcedMs <= context.nowMs))
        announcedMs = null;
      const isSweep = context.nowMs >= sweptAtMs + limits.edgesIntervalMs;
      if (isSweep) sweep();
      const answer = dispatch(context, event, options.learning);
      if (answer) effects.push({ type: 'answer', answer });
      // What viewers bring about has time until the next sweep, and so has a heartbeat that brings nothing new.
      if (isSweep || (answer?.ok && context.hasUrgentNews)) tellDue(context);
      announceWake();
      context.effects = [];
      return effects;
    },
    discover: (request, nowMs) => bodyNow(context, request, nowMs),
    survey: (request, nowMs) => surveys.get(request, nowMs),
    stats() {
      const stats = { active: 0, spare: 0, draining: 0, viewers: context.viewers.size };
      for (const { role } of context.edges.values()) stats[role]++;
      return stats;
    },
  };
}

function dispatch(
  context: Context,
  event: EdgesEvent,
  learning: SampleLearning | undefined,
): EdgeAnswer | null {
  if (event.type === 'registered') return register(context, event.registration);
  if (event.type === 'heartbeat') return beat(context, event.edgeId, event.heartbeat);
  if (event.type === 'deregistered') return deregister(context, event.edgeId);
  if (event.type === 'viewerJoined') join(context, event);
  else if (event.type === 'viewerLeft') leave(context, event.connectionId);
  else if (event.type === 'outcomes') takeOutcomes(context, event, learning);
  return null;
}

/** As a newcomer of whom nothing else is known. */
function bodyNow(context: Context, request: EdgesRequest, nowMs: number): EdgesBody {
  const asker = { ...request, joinedAtMs: Number.POSITIVE_INFINITY, edgeId: null };
  return bodyFor(context, asker, Math.max(context.version, Math.floor(nowMs)), nowMs);
}
