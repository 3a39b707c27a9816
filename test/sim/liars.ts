import type { CoreEvent, Effect } from '../../sdk/core/core.ts';
import type { PeerMessage } from '../../sdk/core/peer-wire.ts';
import type { ClientFrame, DirectiveFrame, ServerFrame } from '../../signaling/protocol/index.ts';
import * as limits from '../../signaling/protocol/limits.ts';
import type { SimulationOptions, World } from './simulate.ts';
import type { Viewer } from './world/viewer.ts';

export const lieKinds = [
  'wrong bytes',
  'wrong length',
  'wrong part',
  'replay',
  'old descriptor',
  'silence',
  'slow drip',
  'false holdings',
] as const;
/** `framing`: it gives what is right, and says of all honest members that they do not. */
export type LieKind = (typeof lieKinds)[number] | 'framing';

/** Those that a digest or a length proves; the others merely give nothing. */
export const provable: ReadonlySet<LieKind> = new Set<LieKind>(lieKinds.slice(0, 5));

const stepMs = 50;
const lagMs = 150;
const dripBytes = 200;
const dripEveryMs = 400;
/** Segments before the newest that the attestor tells newcomers of. */
const windowSegments = limits.descriptorsKeptPerPlaylist;

type Of<Type extends CoreEvent['type']> = Extract<CoreEvent, { type: Type }>;

/** What one viewer really holds and knows, which its core can only believe. */
class Witness {
  readonly viewer: Viewer;
  readonly vouched = new Set<string>();
  /** Parts by `segment/part`. */
  readonly fromEdge = new Set<string>();
  readonly forged = new Set<string>();
  readonly expected = new Map<string, { segmentId: string; part: number }>();
  readonly fetches = new Map<number, string>();
  checks = false;

  constructor(viewer: Viewer) {
    this.viewer = viewer;
  }
}

/** A room with an attestor, whose members hold and send bytes that are right or wrong, some of them on purpose. */
export class Trial {
  readonly liars = new Map<Viewer, LieKind>();
  readonly world: World;
  readonly witnesses = new Map<Viewer, Witness>();
  /** Bytes that a player or a peer got although they are wrong. */
  badParts = { played: 0, relayed: 0 };
  /** Who refused whom, and why. */
  readonly refused: { by: Viewer; peer: Viewer; code: string; atMs: number }[] = [];
  /** Requests that reached a liar. */
  readonly asked = new Map<Viewer, number[]>();
  /** Descriptors of peers that were looked at, although the server vouches for what it is asked. */
  looked = 0;
  /** For how long the server let a member feed nobody, by viewer id. All would. */
  readonly suspendedMs = new Map<string, number>();
  #directive: DirectiveFrame | null = null;
  /** Parts on their way that are not what was asked for, by sender, receiver and request. */
  #lies = new Map<string, LieKind>();
  #attested: boolean;
  #kindOf: (index: number) => LieKind | null;

  constructor(world: World, attested: boolean, kindOf: (index: number) => LieKind | null) {
    this.world = world;
    this.#kindOf = kindOf;
    if (attested) world.signaling.integrity = { mode: 'attested', keys: [] };
    this.#attested = attested;
    const step = (): void => {
      this.#step();
      world.clock.after(stepMs, step);
    };
    step();
  }

  honest(): Viewer[] {
    return this.world.viewers.filter((viewer) => !this.liars.has(viewer));
  }

  /** Takes newcomers in, and lets the attestor speak. */
  #step(): void {
    const { world, suspendedMs } = this;
    for (const { viewerId, uploads } of this.#directive?.members ?? [])
      if (!uploads) suspendedMs.set(viewerId, (suspendedMs.get(viewerId) ?? 0) + stepMs);
    world.viewers.forEach((viewer, index) => {
      if (!this.witnesses.has(viewer)) this.#watch(viewer, index);
    });
    if (!this.#attested) return;
    const newest = world.stream.newestSequence(world.clock.nowMs - lagMs);
    for (const witness of this.witnesses.values()) {
      if (!witness.viewer.alive || witness.viewer.viewerId === null) continue;
      for (const { name } of world.stream.spec.renditions) {
        this.#vouch(witness, `${name}/playlist.m3u8#init:init.mp4`);
        for (let back = windowSegments - 1; back >= 0; back -= 1)
          this.#vouch(witness, `${name}/playlist.m3u8#${newest - back}`);
      }
    }
  }

  #watch(viewer: Viewer, index: number): void {
    const witness = new Witness(viewer);
    this.witnesses.set(viewer, witness);
    const kind = this.#kindOf(index);
    if (kind) this.liars.set(viewer, kind);
    viewer.onEffect = (effect) => {
      this.#did(witness, effect);
      if (kind === 'framing' && effect.type === 'sendFrame') this.#frame(effect.frame);
    };
    viewer.onEvent = (event) => {
      if (kind && event.type === 'peerMessage') return this.#lie(viewer, kind, event);
      if (event.type === 'partReceived') return this.#judge(witness, event);
      if (event.type === 'fetchPart') this.#read(witness, event);
      if (event.type === 'frameReceived') this.#told(event.frame);
      return event;
    };
  }

  #told(frame: ServerFrame): void {
    const told = frame.type === 'welcome' ? frame.directive : frame;
    if (told.type === 'directive' && told.epoch > (this.#directive?.epoch ?? 0))
      this.#directive = told;
  }

  #frame(frame: ClientFrame): void {
    const ids = this.honest().flatMap(({ viewerId }) => viewerId ?? []);
    if (frame.type === 'report') frame.accusedMembers = ids;
  }

  #vouch(witness: Witness, segmentId: string): void {
    const sizeBytes = this.#sizeOf(segmentId);
    if (witness.vouched.has(segmentId) || sizeBytes === null) return;
    witness.vouched.add(segmentId);
    witness.viewer.tell({ type: 'segmentVouched', segmentId, sizeBytes });
    for (const key of witness.fromEdge) {
      const [of, part] = splitKey(key);
      if (of === segmentId) witness.viewer.tell({ type: 'partVouched', segmentId, part });
    }
  }

  #sizeOf(segmentId: string): number | null {
    const [playlist = '', name = ''] = segmentId.split('#');
    const file = name.startsWith('init:') ? name.slice(5) : `${name}.m4s`;
    return this.world.stream.bytesOf(playlist.replace('playlist.m3u8', file));
  }

  #did({ viewer, ...witness }: Witness, effect: Effect): void {
    const { nowMs } = this.world.clock;
    if (effect.type === 'integrity') this.#of(viewer).checks = effect.mode !== 'none';
    else if (effect.type === 'fetchSegment') witness.fetches.set(effect.fetchId, effect.segmentId);
    else if (effect.type === 'expectPart') {
      const { peer, requestId, segmentId, part } = effect;
      witness.expected.set(`${peer}|${requestId}`, { segmentId, part });
    } else if (effect.type === 'sendPart') {
      if (!witness.forged.has(`${effect.segmentId}/${effect.part}`)) return;
      this.badParts.relayed += 1;
      this.#lies.set(lieKey(viewer.viewerId, effect.peer, effect.requestId), 'wrong bytes');
    } else if (effect.type === 'deliverSegment') {
      for (const key of witness.forged)
        if (splitKey(key)[0] === effect.segmentId) this.badParts.played += 1;
    } else if (effect.type === 'refused') {
      const peer = this.world.viewers.find(({ viewerId }) => viewerId === effect.peer);
      if (peer) this.refused.push({ by: viewer, peer, code: effect.code, atMs: nowMs });
    } else if (effect.type === 'lookAtDescriptor') this.looked += 1;
    else if (effect.type === 'dropSegment') {
      for (const set of [witness.fromEdge, witness.forged])
        for (const key of set) if (splitKey(key)[0] === effect.segmentId) set.delete(key);
    }
  }

  #of(viewer: Viewer): Witness {
    const witness = this.witnesses.get(viewer);
    if (!witness) throw new Error('nobody watches');
    return witness;
  }

  #read(witness: Witness, { fetchId, part }: Of<'fetchPart'>): void {
    const segmentId = witness.fetches.get(fetchId);
    if (segmentId === undefined) return;
    witness.fromEdge.add(`${segmentId}/${part}`);
    witness.forged.delete(`${segmentId}/${part}`);
    if (!witness.vouched.has(segmentId)) return;
    // Digests take a moment.
    this.world.clock.after(1, () => witness.viewer.tell({ type: 'partVouched', segmentId, part }));
  }

  /** As the runtime does: nothing counts before its digest is known to be right. */
  #judge(witness: Witness, event: Of<'partReceived'>): CoreEvent | null {
    const { peer, requestId } = event;
    const expected = witness.expected.get(`${peer}|${requestId}`);
    if (!expected) return event;
    const { segmentId, part } = expected;
    const key = `${segmentId}/${part}`;
    const lie = this.#lies.get(lieKey(peer, witness.viewer.viewerId, requestId));
    const drop = (): void => {
      if (!witness.fromEdge.has(key)) witness.viewer.store.dropParts(segmentId, [part]);
    };
    if (lie === 'wrong length') {
      drop();
      return { type: 'peerRefused', peer, code: 'peer_chunk_invalid' };
    }
    if (!witness.checks) {
      if (lie) witness.forged.add(key);
      return event;
    }
    if (witness.vouched.has(segmentId) && !lie) return event;
    drop();
    return witness.vouched.has(segmentId) ? { type: 'partForged', peer, requestId } : null;
  }

  #lie(liar: Viewer, kind: LieKind, event: Of<'peerMessage'>): CoreEvent | null {
    const { peer, message } = event;
    if (message.type === 'want') this.#claim(liar, peer, message.segment, kind);
    if (message.type !== 'request') return event;
    const { requestId, segment, part } = message;
    const times = this.asked.get(liar) ?? [];
    this.asked.set(liar, [...times, this.world.clock.nowMs]);
    const left = (this.#sizeOf(segment) ?? 0) - part * limits.partBytes;
    const link = linkOf(liar, peer);
    if (provable.has(kind) && link && left > 0) {
      this.#lies.set(lieKey(liar.viewerId, peer, requestId), kind);
      link.sendPart(requestId, Math.min(limits.partBytes, left));
    } else if (kind === 'slow drip') this.#drip(liar, peer, requestId, Math.min(left, 60_000));
    else if (kind === 'false holdings')
      this.#say(liar, peer, { type: 'refuse', requestId, reason: 'missing' });
    return null;
  }

  #claim(liar: Viewer, peer: string, segment: string, kind: LieKind): void {
    // Once truly signed: what the number stood for before the encoder started over.
    const signed = { body: '{}', signature: 'a'.repeat(86) };
    const descriptor = kind === 'old descriptor' ? signed : undefined;
    const held = { parts: [], complete: true, fetching: false, descriptor };
    const sizeBytes = this.#sizeOf(segment);
    this.#say(liar, peer, { type: 'holding', segment, sizeBytes, ...held });
  }

  #say(liar: Viewer, peer: string, message: PeerMessage): void {
    const link = linkOf(liar, peer);
    if (link) this.world.network.sendControl(link, message);
  }

  #drip(liar: Viewer, peer: string, requestId: number, leftBytes: number): void {
    const receiver = this.world.network.hosts.get(peer);
    if (leftBytes <= dripBytes || !receiver?.alive || !linkOf(liar, peer)) return;
    receiver.chunkArrived(liar.viewerId ?? '', requestId, dripBytes);
    this.world.clock.after(dripEveryMs, () =>
      this.#drip(liar, peer, requestId, leftBytes - dripBytes),
    );
  }
}

function linkOf(viewer: Viewer, peer: string) {
  return viewer.openLinks().find((link) => link.peer === peer);
}

function lieKey(from: string | null, to: string | null, requestId: number): string {
  return `${from}|${to}|${requestId}`;
}

function splitKey(key: string): [segmentId: string, part: number] {
  const at = key.lastIndexOf('/');
  return [key.slice(0, at), Number(key.slice(at + 1))];
}

/** Every fifth member lies, each in a way of its own. */
export function liarsAmong(
  seed: number,
  viewers: number,
  { attested = true, kinds = lieKinds as readonly LieKind[] } = {},
): SimulationOptions & { trial(): Trial } {
  let trial: Trial | null = null;
  return {
    seed,
    viewers,
    durationMs: 195_000,
    script(world) {
      trial = new Trial(world, attested, (index) =>
        index % 5 === 3 ? (kinds[(Math.floor(index / 5) + seed) % kinds.length] ?? null) : null,
      );
    },
    trial() {
      if (!trial) throw new Error('the world has not begun');
      return trial;
    },
  };
}
