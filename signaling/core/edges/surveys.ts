import { bodyFor } from './choosing.ts';
import type { Survey, SurveyRequest } from './events.ts';
import { type Context, settledAt } from './state.ts';

/** Answers to steered players, who ask without a token: each is made once an interval, however many ask. */
export interface Surveys {
  get(request: SurveyRequest, nowMs: number): Survey;
}

export function createSurveys(context: Context): Surveys {
  const { limits } = context;
  // A Map keeps insertion order: the first is the oldest.
  const known = new Map<string, { madeAtMs: number; changeCount: number; body: Survey }>();
  return {
    get({ room, network, isNew }, nowMs) {
      // Of rooms that nobody knows there is one thing to say, and no end of names.
      const isKnown = context.rooms.has(room) || context.edgesOfRoom.has(room);
      const knownNetwork = context.priors.knows(network) ? network : null;
      const key = `${isNew} ${knownNetwork ?? ''} ${isKnown ? `of ${room}` : ''}`;
      const { changeCount } = context;
      const made = known.get(key);
      const isFresh = made && nowMs < made.madeAtMs + limits.edgesIntervalMs;
      if (isFresh && made.changeCount === changeCount) return { ...made.body, room };
      const asker = { room, network: knownNetwork, needs: null, deviceId: null, edgeId: null };
      const joinedAtMs = isNew ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
      const edgesMax = limits.edgesOfRoomMax;
      const told = bodyFor(context, { ...asker, joinedAtMs, edgesMax }, 0, nowMs);
      const body = { ...told, isSettling: nowMs < settledAt(context, nowMs) };
      known.delete(key);
      known.set(key, { madeAtMs: nowMs, changeCount, body });
      for (const oldest of known.keys()) {
        if (known.size <= limits.edgeSurveysMax) break;
        known.delete(oldest);
      }
      return body;
    },
  };
}
