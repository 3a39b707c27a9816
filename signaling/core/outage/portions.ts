import {
  type Context,
  type Group,
  type Keeping,
  nextEpoch,
  type Plan,
  type Viewer,
} from '../state.ts';
import { type FirstGroup, firstGroup } from './first-group.ts';
import { forgetHoldings, type HeldSegment, neededOf, newestOf, playedBy } from './holdings.ts';

/** Copies of everything near the playhead, each on a device of its own. */
const copies = 2;
/** What so few devices hold not everybody finds at a neighbour. */
const rareDevicesMax = 3;
/** The newest segments are on their way to all. */
const spreadingSegments = 2;
/** Of what a member holds at most; and so much is left for what is new, which would else be gone before it is passed on. */
const keptShare = 0.5;
const freshSegments = 4;

/**
 * Who keeps what for whom while edges fail: everything from the slowest playhead on, twice, first by those who hold
 * it. What too few hold somebody else gets as well.
 */
export function planPortions(context: Context, group: Group): void {
  if (!group.shared || group.troubledAtMs === null) return end(context, group);
  group.plan ??= {
    plannedAtMs: Number.NEGATIVE_INFINITY,
    wakeAtMs: null,
    keepers: new Map(),
    failed: new Map(),
  };
  const { plan } = group;
  const dueMs = plan.plannedAtMs + context.limits.portionIntervalMs;
  if (dueMs > context.nowMs) {
    if (plan.wakeAtMs === null) context.wakes.push({ atMs: dueMs, viewer: null, group });
    plan.wakeAtMs = dueMs;
    return;
  }
  plan.wakeAtMs = null;
  plan.plannedAtMs = context.nowMs;
  const here = group.members.filter(({ presence }) => presence === 'connected');
  tellPortions(context, group, here, new Planning(context, group, plan, here).run());
}

function end(context: Context, group: Group): void {
  group.plan = null;
  const told = group.members.filter(({ toldPortion }) => toldPortion !== null);
  if (told.length === 0) return;
  const epoch = nextEpoch(context, group.room);
  for (const viewer of told) {
    if (viewer.connectionId !== null)
      context.effects.push({
        type: 'send',
        connectionId: viewer.connectionId,
        frame: { type: 'portion', epoch, keeps: null, links: [] },
      });
    forgetHoldings(viewer);
  }
}

interface Share {
  keeps: string[];
  links: Set<Viewer>;
}

function tellPortions(
  context: Context,
  group: Group,
  here: readonly Viewer[],
  shares: ReadonlyMap<Viewer, Share>,
): void {
  let epoch: number | null = null;
  for (const viewer of here) {
    const { connectionId } = viewer;
    if (connectionId === null) continue;
    const share = shares.get(viewer);
    const keeps = share?.keeps ?? [];
    const links = [...(share?.links ?? [])].map(({ viewerId }) => viewerId).sort();
    const told = JSON.stringify([keeps, links]);
    if (told === viewer.toldPortion) continue;
    viewer.toldPortion = told;
    epoch ??= nextEpoch(context, group.room);
    const frame = { type: 'portion', epoch, keeps, links } as const;
    context.effects.push({ type: 'send', connectionId, frame });
  }
}

/** One look at a group: what everybody is to keep. */
class Planning {
  #context: Context;
  #plan: Plan;
  #here: readonly Viewer[];
  #able: readonly Viewer[];
  #first: FirstGroup;
  #shares = new Map<Viewer, Share>();
  #keepers: Plan['keepers'] = new Map();
  #failed: Plan['failed'] = new Map();

  constructor(context: Context, group: Group, plan: Plan, here: readonly Viewer[]) {
    this.#context = context;
    this.#plan = plan;
    this.#here = here;
    this.#able = here.filter(({ uploads }) => uploads);
    this.#first = firstGroup(group, this.#able);
  }

  run(): ReadonlyMap<Viewer, Share> {
    const needed = neededOf(this.#able, playedBy(this.#here));
    const newest = newestOf(needed);
    for (const segment of needed.slice(0, this.#context.limits.segmentsPlannedMax))
      this.#planSegment(segment, newest.get(segment.playlistId) ?? 0);
    this.#plan.keepers = this.#keepers;
    this.#plan.failed = this.#failed;
    return this.#shares;
  }

  #planSegment(segment: HeldSegment, newest: number): void {
    const { segmentId, sequence, playlistId, holders } = segment;
    const needy = this.#here.filter(
      (viewer) => !holders.includes(viewer) && plays(viewer, playlistId, sequence),
    );
    // What is just out spreads by itself; an init segment has been out for as long as its rendition.
    const isOut = !Number.isFinite(sequence) || sequence <= newest - spreadingSegments;
    const keepers = this.#choose(segment, needy, isOut);
    for (const keeper of keepers) {
      const { keeps } = this.#share(keeper);
      if (keeps.length < this.#context.limits.holdingsPerFrameMax) keeps.push(segmentId);
    }
    const devices = new Set(holders.map(({ device }) => device));
    if (devices.size > rareDevicesMax || !isOut) return;
    for (const viewer of new Set([...needy, ...keepers]))
      if (!holders.includes(viewer)) this.#link(viewer, holders, keepers);
  }

  #choose(
    { segmentId, holders }: HeldSegment,
    needy: readonly Viewer[],
    isSpread: boolean,
  ): Viewer[] {
    const { nowMs, limits } = this.#context;
    const before = this.#plan.keepers.get(segmentId);
    const failed = this.#plan.failed.get(segmentId) ?? new Set();
    for (const [viewer, { sinceMs, held }] of before ?? [])
      if (!holders.includes(viewer) && (held || nowMs - sinceMs > limits.portionWithinMs))
        failed.add(viewer);
    if (failed.size > 0) this.#failed.set(segmentId, failed);
    const chosen: Viewer[] = [];
    const add = (from: readonly Viewer[]): void => {
      for (const viewer of from) {
        if (chosen.length >= copies) return;
        if (!chosen.some(({ device }) => device === viewer.device)) chosen.push(viewer);
      }
    };
    add(this.#rank(holders, before));
    // Those that have no room to keep it hold it still.
    if (isSpread && new Set(holders.map(({ device }) => device)).size < copies) {
      const others = this.#able.filter((each) => !holders.includes(each) && !failed.has(each));
      // Who is to play it anyway gets it only sooner.
      add(
        this.#rank(
          others.filter((each) => needy.includes(each)),
          before,
        ),
      );
      add(this.#rank(others, before));
    }
    const keepers = chosen.map((viewer): [Viewer, Keeping] => {
      const { sinceMs, held } = before?.get(viewer) ?? { sinceMs: nowMs, held: false };
      return [viewer, { sinceMs, held: held || holders.includes(viewer) }];
    });
    this.#keepers.set(segmentId, new Map(keepers));
    return chosen;
  }

  /** Those with room, by what they were told before, then by their edge, then by uplink for each that they keep. */
  #rank(viewers: readonly Viewer[], before: ReadonlyMap<Viewer, Keeping> | undefined): Viewer[] {
    const kept = (viewer: Viewer): number => this.#shares.get(viewer)?.keeps.length ?? 0;
    const order = (viewer: Viewer): number =>
      (before?.has(viewer) ? 10 : 0) + this.#first.order(viewer);
    const room = (viewer: Viewer): number => viewer.weight / (1 + kept(viewer));
    return viewers
      .filter((viewer) => kept(viewer) < this.#roomOf(viewer))
      .sort((a, b) => order(b) - order(a) || room(b) - room(a) || a.seniority - b.seniority);
  }

  #link(viewer: Viewer, holding: readonly Viewer[], keepers: readonly Viewer[]): void {
    const { portionLinksMax } = this.#context.limits;
    const own = this.#share(viewer).links;
    for (const keeper of keepers) {
      const theirs = this.#share(keeper).links;
      if (keeper === viewer || !holding.includes(keeper) || own.has(keeper)) continue;
      if (own.size >= portionLinksMax || theirs.size >= portionLinksMax) continue;
      own.add(keeper);
      theirs.add(viewer);
    }
  }

  #share(viewer: Viewer): Share {
    const share = this.#shares.get(viewer) ?? { keeps: [], links: new Set() };
    this.#shares.set(viewer, share);
    return share;
  }

  #roomOf({ holdings }: Viewer): number {
    const held = holdings?.held.size ?? 0;
    const room = Math.min(Math.floor(held * keptShare), held - freshSegments);
    return Math.min(this.#context.limits.holdingsPerFrameMax, room);
  }
}

/** Whether it plays the segment, or something before it. */
function plays({ holdings }: Viewer, playlistId: string, sequence: number): boolean {
  return (
    holdings?.playing.some((at) => at.playlistId === playlistId && at.sequence <= sequence) ?? false
  );
}
