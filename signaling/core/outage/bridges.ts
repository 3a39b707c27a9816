import { type Context, count, type Group, markStale, type Room, type Viewer } from '../state.ts';
import { hasLostEdge } from './first-group.ts';
import { isStarved } from './holdings.ts';

/**
 * Links between groups, for as long as a group has no edge and another has: a few members of one feed a few of the
 * other, which pass it on at home. A group that is fed may feed further ones.
 */
export function planBridges(context: Context, group: Group): void {
  if (!group.shared) return;
  prune(context, group);
  judge(context, group);
  if (isLit(group)) {
    if (group.fedBy) endInTime(context, group);
    return;
  }
  group.litSinceMs = null;
  if (!isStarving(group)) return;
  let missing = context.limits.bridgesPerGroupMax - bridgesInto(group);
  if (missing <= 0) return;
  group.fedBy ??= chooseSource(context, group);
  const source = group.fedBy;
  if (!source) return;
  const feeders = rank(source, (viewer) => mayFeed(context, viewer, group));
  for (const receiver of rank(group, (viewer) => !isFed(viewer))) {
    const feeder = feeders.shift();
    if (!feeder || missing === 0) break;
    missing -= 1;
    build(receiver, feeder);
    count(context, 'bridged');
    markStale(context, group);
    markStale(context, source);
  }
  if (bridgesInto(group) === 0) group.fedBy = null;
}

/**
 * Words are believed until they are seen to be wrong: where most get nothing, who says that it reads from an edge does
 * not, and who was to feed the group is replaced by somebody else.
 */
function judge(context: Context, group: Group): void {
  if (group.troubledAtMs === null) group.doubted = null;
  if (group.troubledAtMs === null || (bridgesInto(group) === 0 && !isLit(group))) {
    group.suppliedSinceMs = null;
    return;
  }
  group.suppliedSinceMs ??= context.nowMs;
  if (!isStarved(context, group)) return;
  group.suppliedSinceMs = context.nowMs;
  group.doubted ??= new Set();
  for (const viewer of group.members)
    for (const [other, does] of viewer.bridges ?? [])
      if (does === 'feeds') group.doubted.add(other);
  demolish(context, group);
}

function mayFeed(context: Context, viewer: Viewer, group: Group): boolean {
  return feedsOf(viewer) < context.limits.bridgesPerViewerMax && !group.doubted?.has(viewer);
}

/** An edge that is back may go again: bridges are taken down when it has stayed. */
function endInTime(context: Context, group: Group): void {
  const { bridgeHoldMs } = context.limits;
  if (group.litSinceMs === null) {
    group.litSinceMs = context.nowMs;
    // Nothing else may happen in the group until then.
    context.wakes.push({ atMs: context.nowMs + bridgeHoldMs, viewer: null, group });
  }
  if (context.nowMs - group.litSinceMs >= bridgeHoldMs) demolish(context, group);
}

function build(receiver: Viewer, feeder: Viewer): void {
  receiver.bridges ??= new Map();
  receiver.bridges.set(feeder, 'feeds');
  feeder.bridges ??= new Map();
  feeder.bridges.set(receiver, 'fed');
}

/** Ends all bridges of a viewer that leaves its group. */
export function cut(context: Context, viewer: Viewer): void {
  for (const other of viewer.bridges?.keys() ?? []) {
    other.bridges?.delete(viewer);
    markStale(context, other.group);
  }
  viewer.bridges = null;
}

function demolish(context: Context, group: Group): void {
  group.fedBy = null;
  group.litSinceMs = null;
  for (const viewer of group.members)
    for (const [other, does] of viewer.bridges ?? [])
      if (does === 'feeds') disconnect(context, viewer, other);
}

/** Ends what has lost its use: an end that is gone, or a group that has nothing to give any more. */
function prune(context: Context, group: Group): void {
  const { fedBy } = group;
  if (fedBy && !isSource(fedBy, group)) demolish(context, group);
  for (const viewer of group.members)
    for (const other of [...(viewer.bridges?.keys() ?? [])])
      if (!isAble(viewer) || !isAble(other)) disconnect(context, viewer, other);
  if (bridgesInto(group) === 0) group.fedBy = null;
}

function disconnect(context: Context, viewer: Viewer, other: Viewer): void {
  viewer.bridges?.delete(other);
  other.bridges?.delete(viewer);
  markStale(context, viewer.group);
  markStale(context, other.group);
}

/**
 * Some member reads from an edge: none has failed, or it has answered since. Where one that said so gave nothing most
 * must say it.
 */
function isLit({ troubledAtMs, members, doubted }: Group): boolean {
  if (doubted && members.filter(hasLostEdge).length * 2 >= members.length) return false;
  return members.some(
    (viewer) =>
      isAble(viewer) &&
      !hasLostEdge(viewer) &&
      (troubledAtMs === null || viewer.edgeSeenAtMs >= troubledAtMs),
  );
}

/** Half of the members have lost their edge, and none is known to reach one. */
function isStarving({ members, troubledAtMs }: Group): boolean {
  if (troubledAtMs === null) return false;
  const here = members.filter(({ presence }) => presence === 'connected');
  const dark = here.filter(hasLostEdge);
  return dark.length > 0 && dark.length * 2 >= here.length;
}

/** Whether what the group plays comes from an edge, at first hand or not, and not by way of `fed`. */
function isSource(group: Group, fed: Group): boolean {
  const visited = new Set<Group>([fed]);
  for (let at: Group | null = group; at; at = at.fedBy) {
    if (visited.has(at)) return false;
    if (isLit(at)) return true;
    visited.add(at);
  }
  return false;
}

/** The group with the shortest way to an edge, of those the one that feeds fewest. */
function chooseSource(context: Context, fed: Group): Group | null {
  const groups = [...groupsOf(fed.room)];
  // Where most have lost their edge, those that have not noticed anything are about to.
  const troubled = groups.filter(({ troubledAtMs }) => troubledAtMs !== null).length;
  const isGeneral = troubled * 2 > groups.length;
  let best: { group: Group; cost: number } | null = null;
  for (const group of groups) {
    if (group === fed || !isSource(group, fed)) continue;
    if (!group.members.some((viewer) => isAble(viewer) && mayFeed(context, viewer, fed))) continue;
    const feeds = group.members.reduce((sum, viewer) => sum + feedsOf(viewer), 0);
    const room = group.members.length * context.limits.bridgesPerViewerMax;
    if (feeds + context.limits.bridgesPerGroupMax > room) continue;
    const isUnaware = isGeneral && group.troubledAtMs === null;
    // Every stage costs all behind it time; how many are fed only shares the work.
    const cost = (depthOf(group) + (isUnaware ? 2 : 0)) * 1_000 + feeds;
    if (!best || cost < best.cost) best = { group, cost };
  }
  return best?.group ?? null;
}

function depthOf(group: Group): number {
  let depth = 0;
  for (let at = group; at.fedBy && !isLit(at) && depth < 100; at = at.fedBy) depth += 1;
  return depth;
}

function* groupsOf({ groupsBySize }: Room): Generator<Group> {
  for (const groups of groupsBySize) yield* groups ?? [];
}

function bridgesInto({ members }: Group): number {
  return members.filter(isFed).length;
}

function isFed({ bridges }: Viewer): boolean {
  return bridges !== null && [...bridges.values()].includes('feeds');
}

function feedsOf({ bridges }: Viewer): number {
  return bridges === null ? 0 : [...bridges.values()].filter((does) => does === 'fed').length;
}

function isAble({ uploads, presence, removed }: Viewer): boolean {
  return uploads && presence === 'connected' && !removed;
}

/** One of each device, with the most uplink for what it does already first; who reads for all has enough to do. */
function rank({ members }: Group, suits: (viewer: Viewer) => boolean): Viewer[] {
  const able = members.filter((viewer) => isAble(viewer) && suits(viewer));
  const room = (viewer: Viewer): number =>
    (viewer.weight / (1 + feedsOf(viewer))) * (viewer.groupRole === 'master' ? 0.5 : 1);
  return able.sort((a, b) => room(b) - room(a) || a.seniority - b.seniority);
}
