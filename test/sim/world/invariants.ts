import { holdingsMax } from '../../../signaling/protocol/limits.ts';
import type { World } from '../simulate.ts';
import type { EdgeServer, Resource } from './edge.ts';
import { canLink } from './nat.ts';
import type { Viewer } from './viewer.ts';

/** How often the room is looked at. */
const sampleMs = 250;
/** To hear of a segment, ask for it and get it, with as much again for what else the uplink carries. */
const stallGraceMs = 1_500;
/** A second member that can hold a segment has it by then: it is asked for once the one before it has come. */
const copyGraceMs = 3_000;
/** The server's map of what is held, on its way included. */
const mapGraceMs = 1_000;
/** An uplink that carries so much of what it can has nothing left to give. */
const busyShare = 0.9;
/** More findings than these say nothing new. */
const findingsMax = 20;

/** Looks at a room all the time, and writes down what must never be. */
export class Invariants {
  readonly findings: string[] = [];
  /** Requests at the edge by groups and by second, of viewers for which it was failing. */
  readonly failing = new Map<string, number>();
  /** All requests at the edge, by second. */
  readonly requests = new Map<number, number>();
  #world: World;
  #sinceMs = new Map<string, number>();
  #found = new Set<string>();
  #differed = new Map<Viewer, ReadonlySet<string>>();
  #sentBytes = new Map<Viewer, number[]>();

  constructor(world: World, fromMs: number) {
    this.#world = world;
    for (const edge of world.edges)
      edge.onRequest = (name, resource) => this.#requested(edge, name, resource);
    const look = (): void => {
      this.#look();
      world.clock.after(sampleMs, look);
    };
    world.at(fromMs, look);
  }

  /** Most requests of one group at a failing edge in one second, of those seconds. */
  probesMax(fromMs: number, untilMs: number): number {
    let most = 0;
    for (const [key, count] of this.failing) {
      const second = Number(key.split('|')[0]);
      if (second * 1_000 >= fromMs && (second + 1) * 1_000 <= untilMs) most = Math.max(most, count);
    }
    return most;
  }

  /** Mean per group and second. */
  probesMean(fromMs: number, untilMs: number): number {
    let sum = 0;
    const groups = new Set<string>();
    for (const [key, count] of this.failing) {
      const [second, groupId] = key.split('|') as [string, string];
      if (Number(second) * 1_000 < fromMs || (Number(second) + 1) * 1_000 > untilMs) continue;
      groups.add(groupId);
      sum += count;
    }
    return sum / Math.max(1, groups.size) / ((untilMs - fromMs) / 1_000);
  }

  requestsMax(fromMs: number, untilMs: number): number {
    let most = 0;
    for (const [second, count] of this.requests)
      if (second * 1_000 >= fromMs && second * 1_000 < untilMs) most = Math.max(most, count);
    return most;
  }

  #requested(edge: EdgeServer, name: string, resource: Resource): void {
    const { clock } = this.#world;
    const second = Math.floor(clock.nowMs / 1_000);
    this.requests.set(second, (this.requests.get(second) ?? 0) + 1);
    const viewer = this.#world.named(name);
    const fault = edge.fault(name, resource);
    if (!viewer || !fault || fault.kind === 'throttle' || fault.share !== undefined) return;
    const key = `${second}|${viewer.groupId ?? name}`;
    this.failing.set(key, (this.failing.get(key) ?? 0) + 1);
  }

  #look(): void {
    const groups = new Map<string | null, Viewer[]>();
    for (const viewer of this.#world.alive()) {
      this.#measure(viewer);
      const group = groups.get(viewer.groupId);
      if (group) group.push(viewer);
      else groups.set(viewer.groupId, [viewer]);
    }
    for (const group of groups.values()) {
      const held = new Map(
        group.map((viewer) => [viewer, new Set(viewer.core.swarm.heldSegments())]),
      );
      for (const viewer of group) this.#lookAtStall(viewer, held);
      this.#lookAtCopies(group, held);
    }
    this.#lookAtMap();
  }

  /** What is held is in the server's map within a second, and what is in the map is held. */
  #lookAtMap(): void {
    const map = this.#world.signaling.holdings();
    if (!map) return;
    const isKnown = ({ viewerId }: Viewer): boolean => map.has(viewerId ?? '');
    const planned = new Set(
      this.#world
        .alive()
        .filter(isKnown)
        .map(({ groupId }) => groupId),
    );
    for (const viewer of this.#world.alive()) {
      // Where others of its group are asked what they hold, so is it.
      if (!planned.has(viewer.groupId)) continue;
      const known = map.get(viewer.viewerId ?? '') ?? new Set();
      const held = new Set(viewer.core.swarm.heldSegments().slice(-holdingsMax));
      const differs = new Set([...known, ...held].filter((id) => known.has(id) !== held.has(id)));
      for (const segmentId of new Set([...differs, ...(this.#differed.get(viewer) ?? [])])) {
        const key = `map|${viewer.name}|${segmentId}`;
        this.#since(key, differs.has(segmentId), mapGraceMs, () =>
          held.has(segmentId)
            ? `${viewer.name} holds ${segmentId}, which the server does not know`
            : `${viewer.name} does not hold ${segmentId}, as the server believes`,
        );
      }
      this.#differed.set(viewer, differs);
    }
  }

  /** No viewer stalls while a reachable member holds its next segment and has uplink. */
  #lookAtStall(viewer: Viewer, held: ReadonlyMap<Viewer, ReadonlySet<string>>): void {
    const segmentId = viewer.player.isStalled ? viewer.player.nextSegmentId : null;
    const holders = [...held]
      .filter(([other, ids]) => segmentId !== null && ids.has(segmentId) && canFeed(other, viewer))
      .filter(([other]) => !this.#isBusy(other));
    this.#since(`stall|${viewer.name}|${segmentId}`, holders.length > 0, stallGraceMs, () => {
      const names = holders.map(([{ name }]) => name).join(' ');
      return `${viewer.name} stalls before ${segmentId}, which ${names} could give`;
    });
  }

  /** Never fewer than two holders, on different devices, when two can hold. */
  #lookAtCopies(group: readonly Viewer[], held: ReadonlyMap<Viewer, ReadonlySet<string>>): void {
    const able = group.filter((viewer) => viewer.uploads && viewer.openLinks().length > 0);
    if (new Set(able.map(({ deviceId }) => deviceId)).size < 2) return;
    const first = Math.min(...group.map(({ player }) => player.playheadSequence ?? Infinity));
    const devices = new Map<string, Set<string>>();
    for (const viewer of this.#reachable(able))
      for (const segmentId of held.get(viewer) ?? viewer.core.swarm.heldSegments()) {
        if (!(Number(segmentId.slice(segmentId.lastIndexOf('#') + 1)) >= first)) continue;
        const of = devices.get(segmentId);
        if (of) of.add(viewer.deviceId);
        else devices.set(segmentId, new Set([viewer.deviceId]));
      }
    const isRare = (segmentId: string): boolean => (devices.get(segmentId)?.size ?? 2) < 2;
    for (const [segmentId, of] of devices) {
      // What comes before it is needed sooner: where a reader catches up, the others follow in order.
      const counts = isRare(segmentId) && !isRare(before(segmentId));
      this.#since(`copies|${group[0]?.groupId}|${segmentId}`, counts, copyGraceMs, () => {
        return `${segmentId} is held by ${[...of]} only, of ${able.length} in ${group[0]?.groupId}`;
      });
    }
  }

  /** With those of other groups that they are linked to, as while a server that lost its memory forms groups anew. */
  #reachable(group: readonly Viewer[]): Set<Viewer> {
    const found = new Set(group);
    for (const viewer of group)
      for (const { peer } of viewer.openLinks()) {
        const other = this.#world.network.hosts.get(peer);
        const linked = other && this.#world.named(other.name);
        if (linked?.uploads) found.add(linked);
      }
    return found;
  }

  /** Finds fault with what holds without a break for longer than it may. */
  #since(key: string, holds: boolean, graceMs: number, say: () => string): void {
    const { nowMs } = this.#world.clock;
    if (!holds) {
      this.#sinceMs.delete(key);
      return;
    }
    const sinceMs = this.#sinceMs.get(key) ?? nowMs;
    this.#sinceMs.set(key, sinceMs);
    if (nowMs - sinceMs <= graceMs || this.#found.has(key)) return;
    this.#found.add(key);
    if (this.findings.length < findingsMax)
      this.findings.push(`${(nowMs / 1_000).toFixed(2)} s: ${say()}`);
  }

  #measure(viewer: Viewer): void {
    const sent = this.#sentBytes.get(viewer) ?? [];
    sent.push(viewer.uplink.bytes);
    if (sent.length > 1_000 / sampleMs + 1) sent.shift();
    this.#sentBytes.set(viewer, sent);
  }

  #isBusy(viewer: Viewer): boolean {
    const sent = this.#sentBytes.get(viewer) ?? [];
    const bytes = (sent.at(-1) ?? 0) - (sent[0] ?? 0);
    const bytesPerMs = Math.min(
      viewer.uplink.bytesPerMs,
      viewer.spec.uploadBytesPerSecondMax / 1_000,
    );
    return bytes > busyShare * bytesPerMs * (sent.length - 1) * sampleMs;
  }
}

function before(segmentId: string): string {
  const at = segmentId.lastIndexOf('#') + 1;
  return `${segmentId.slice(0, at)}${Number(segmentId.slice(at)) - 1}`;
}

function canFeed(from: Viewer, to: Viewer): boolean {
  return from !== to && from.uploads && canLink(from.nat, to.nat);
}
