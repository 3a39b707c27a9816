import type { EdgesBody } from '../../protocol/index.ts';
import { type Asker, bodyFor, choiceKeys } from './choosing.ts';
import type { ViewerJoined } from './events.ts';
import { type Context, count, edgesOf, type Room, readsFrom, type Viewer } from './state.ts';
import * as thresholds from './thresholds.ts';

/** Viewers that are told the same. */
interface Group {
  asker: Asker;
  connectionIds: string[];
}

/** Takes a viewer in, and tells it at once. */
export function join(context: Context, event: ViewerJoined): void {
  const { connectionId, deviceId, subject, network, needs } = event;
  if (context.viewers.has(connectionId)) return;
  if (context.viewers.size >= context.limits.connectionsMax) return;
  const room = context.rooms.get(event.room) ?? createRoom(context, event.room);
  const viewer: Viewer = {
    ...{ connectionId, room, deviceId, subject, network, needs },
    needsText: JSON.stringify(needs),
    // It may read from an edge that has become full since.
    joinedAtMs: event.isReturning ? Number.NEGATIVE_INFINITY : context.nowMs,
    edge: null,
    wasTold: false,
    // After a restart edges come back one by one: all viewers would be sent to the first.
    heldUntilMs: event.isReturning ? (context.settledAtMs ?? 0) : 0,
  };
  context.viewers.set(connectionId, viewer);
  room.viewers.add(viewer);
  if (viewer.heldUntilMs > context.nowMs) {
    room.untold.add(viewer);
    context.pending.add(room);
  } else tell(context, room, [viewer]);
}

export function leave(context: Context, connectionId: string): void {
  const viewer = context.viewers.get(connectionId);
  if (!viewer) return;
  const { room } = viewer;
  readsFrom(context, viewer, null);
  context.viewers.delete(connectionId);
  room.viewers.delete(viewer);
  room.untold.delete(viewer);
  if (room.viewers.size > 0) return;
  context.rooms.delete(room.name);
  context.pending.delete(room);
}

/** Tells the rooms whose time has come, as many viewers as one interval allows. */
export function tellDue(context: Context): void {
  const { edgesIntervalMs, edgesQuietIntervalMs } = context.limits;
  const waiting: Room[] = [];
  for (const room of context.pending) {
    const isUrgent = room.isStale || room.untold.size > 0;
    const intervalMs = isUrgent ? edgesIntervalMs : edgesQuietIntervalMs;
    if (context.bodiesLeft <= 0) break;
    if (context.nowMs < room.toldAtMs + intervalMs) continue;
    const { isStale } = room;
    takeNews(room);
    const bodyCount = tell(context, room, room.untold, context.bodiesLeft, isStale);
    if (bodyCount > 0) room.toldAtMs = context.nowMs;
    context.bodiesLeft -= bodyCount;
    context.pending.delete(room);
    // Behind the others, which have their turn before what is left of this one.
    if (room.untold.size > 0) waiting.push(room);
  }
  for (const room of waiting) context.pending.add(room);
}

/** Those for whom there is news are to be told; who waits already comes first. */
function takeNews(room: Room): void {
  const isForAll = room.isStale || room.hasQuietNews;
  for (const viewer of room.viewers) {
    if (isForAll || room.networksWithNews.has(viewer.network ?? '')) room.untold.add(viewer);
  }
  if (isForAll) room.renewAtMs = Number.POSITIVE_INFINITY;
  room.isStale = false;
  room.hasQuietNews = false;
  room.networksWithNews.clear();
}

/** Before what viewers hold has run out, they get it anew. */
export function renewDue(context: Context): void {
  for (const room of context.rooms.values()) {
    if (context.nowMs < room.renewAtMs) continue;
    room.isStale = true;
    context.pending.add(room);
  }
}

function askerOf(viewer: Viewer): Asker {
  const { room, needs, deviceId, network, joinedAtMs, edge } = viewer;
  const edgeId = edge?.edgeId ?? null;
  return { room: room.name, needs, deviceId, network, joinedAtMs, edgeId, isTold: true };
}

function createRoom(context: Context, name: string): Room {
  const room: Room = {
    name,
    viewers: new Set(),
    isStale: false,
    hasQuietNews: false,
    networksWithNews: new Set(),
    untold: new Set(),
    toldAtMs: Number.NEGATIVE_INFINITY,
    renewAtMs: Number.POSITIVE_INFINITY,
    readerCount: 0,
  };
  context.rooms.set(name, room);
  return room;
}

/**
 * Tells viewers that are alike the same, in one text; returns how many bodies that took. What all must know soon goes
 * without priors to those for whom there is no time now: they get the whole in their turn.
 */
function tell(
  context: Context,
  room: Room,
  viewers: Iterable<Viewer>,
  bodiesMax = Number.POSITIVE_INFINITY,
  mustReachAll = false,
): number {
  const isEmpty = edgesOf(context, room.name).length === 0;
  const keyOf = choiceKeys(context, room.name);
  const groups = new Map<string, Group>();
  const wholeMax = mustReachAll ? bodiesMax / 2 : bodiesMax;
  const addTo = (asker: Asker, viewer: Viewer, max: number): boolean => {
    const key = keyOf(asker, viewer.needsText);
    const group = groups.get(key);
    if (group) group.connectionIds.push(viewer.connectionId);
    else if (groups.size < max) groups.set(key, { asker, connectionIds: [viewer.connectionId] });
    else return false;
    viewer.wasTold = true;
    return true;
  };
  for (const viewer of viewers) {
    if (viewer.heldUntilMs > context.nowMs) continue;
    const asker = askerOf(viewer);
    // Who was told nothing need not hear that there is nothing.
    if ((isEmpty && !viewer.wasTold) || addTo(asker, viewer, wholeMax)) room.untold.delete(viewer);
    else if (mustReachAll) addTo({ ...asker, network: null }, viewer, bodiesMax);
  }
  if (groups.size > 0) send(context, room, [...groups.values()]);
  return groups.size;
}

function send(context: Context, room: Room, groups: readonly Group[]): void {
  // Later than all that was told or asked for up to this millisecond.
  context.version = Math.max(context.version, Math.floor(context.nowMs)) + 1;
  const idsByText = new Map<string, string[]>();
  let validForMs = Number.POSITIVE_INFINITY;
  for (const { asker, connectionIds } of groups) {
    const body: EdgesBody = bodyFor(context, asker, context.version, context.nowMs);
    validForMs = Math.min(validForMs, body.validForMs);
    const text = JSON.stringify(body);
    const known = idsByText.get(text);
    if (known) known.push(...connectionIds);
    else idsByText.set(text, connectionIds);
  }
  for (const [body, connectionIds] of idsByText) {
    context.effects.push({ type: 'tell', connectionIds, body });
    count(context, 'told', connectionIds.length);
  }
  const renewAtMs = context.nowMs + validForMs * thresholds.renewShare;
  room.renewAtMs = Math.min(room.renewAtMs, renewAtMs);
}
