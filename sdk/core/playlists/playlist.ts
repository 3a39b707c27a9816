import { partsPerSegmentBound } from '../../../signaling/protocol/low-latency.ts';
import {
  type PlaylistFacts,
  readMediaPlaylist,
} from '../../../signaling/protocol/playlist-text.ts';
import * as timings from './playlist-timings.ts';
import { contradicts, judge, leadsHome, type OwnCopy, overlaps, ownCopy } from './trust.ts';
import * as trustBounds from './trust-bounds.ts';

/** What became of a copy. `contradicted`: it replaced a peer's that said otherwise. */
export type Adoption = 'newer' | 'contradicted' | 'not-newer' | 'doubtful' | 'contrary' | 'invalid';

/** One playlist as this viewer knows it. */
export class PlaylistState {
  readonly playlistId: string;
  readonly multivariant: boolean;
  /** This viewer's own URL of it; copies of peers are read against it, so URIs resolve to the own edge. */
  url: string | null = null;
  text: string | null = null;
  facts: PlaylistFacts | null = null;
  /** When the newest copy came, and when the version last grew. */
  receivedAtMs = 0;
  changedAtMs = 0;
  deliveredVersion = -1;
  /** Until then what was delivered is not told again. */
  repeatAtMs = 0;
  /** The peer that sent the copy; null for an own one. */
  sender: string | null = null;
  /** The newest copy of the own edge. */
  own: OwnCopy | null = null;
  /** When the first copy of a peer came, where no own one had. */
  fedSinceMs = Number.NEGATIVE_INFINITY;
  /** A peer has sent what only the own edge can confirm. */
  isDoubted = false;
  /** Loads that wait, with the version that they ask for; -1 for any. */
  readonly loads = new Map<number, number>();
  /** Of those of them that are of other viewers of the device the version that these have. */
  readonly #versionsHeld = new Map<number, number>();
  lastWantedMs = Number.NEGATIVE_INFINITY;
  isFetching = false;
  fetchedAtMs = Number.NEGATIVE_INFINITY;
  askedAtMs = Number.NEGATIVE_INFINITY;
  failed = false;
  /** Since when the edge says that there is none; null where it does not. */
  deniedSinceMs: number | null = null;
  /** Where there is none, while another edge is asked; null where none has said so. */
  deniedUrl: string | null = null;
  /** The last request that named what it waits for failed: the edge may know nothing of it, as after a restart. */
  asksPlainly = false;
  /** The player has turned to another URL of it: what the copy says may be meant for the old one. */
  isOutdated = false;
  /** Peers that could not read it, until then. */
  readonly unableUntilMs = new Map<string, number>();
  /** When each segment was first seen, for those that came with an update. */
  readonly seenAtMs = new Map<number, number>();

  constructor(playlistId: string, multivariant: boolean) {
    this.playlistId = playlistId;
    this.multivariant = multivariant;
  }

  /** -1 before any copy; grows with each update. */
  get version(): number {
    if (this.text === null) return -1;
    return this.facts?.version ?? 0;
  }

  get targetMs(): number {
    return this.facts?.targetDurationMs ?? 2_000;
  }

  /** The edge is asked for what follows, and may hold its answer until that is there. */
  get isHeld(): boolean {
    return !this.asksPlainly && this.facts?.blockingReload === true;
  }

  /** How often it changes: with every low-latency part, or else with every segment. */
  get updateMs(): number {
    return (this.facts?.blockingReload && this.facts.partTargetMs) || this.targetMs;
  }

  get isLive(): boolean {
    return !this.multivariant && this.facts?.ended !== true;
  }

  /** It was there, and nothing says that it has come to its end. */
  get isExpected(): boolean {
    return this.text !== null && this.facts?.ended !== true;
  }

  get fromPeer(): boolean {
    return this.sender !== null;
  }

  /**
   * The player has it. What does not follow on what it had is told once more: hls.js leaves its place for the live edge
   * only at a copy that comes when its media has grown as long, which without this was the next segment's.
   */
  delivered(nowMs: number): void {
    this.deliveredVersion = this.#toldAfter(this.deliveredVersion);
    this.repeatAtMs = this.deliveredVersion < this.version ? nowMs + timings.repeatMs : 0;
  }

  /** `versionHeld`: of another viewer of the device, whose load it is. */
  ask(loadId: number, versionMin: number, versionHeld: number | undefined): void {
    this.loads.set(loadId, Math.max(versionMin, (versionHeld ?? -2) + 1));
    if (versionHeld === undefined) return;
    this.#versionsHeld.set(loadId, versionHeld);
    this.#bound(loadId, versionHeld);
  }

  /** Of an encoder that has started over since: nothing would ever be newer than what that viewer has. */
  #bound(loadId: number, versionHeld: number): void {
    const { version, facts } = this;
    if (!facts || versionHeld <= version + facts.segments.size * partsPerSegmentBound) return;
    this.#versionsHeld.set(loadId, -1);
    this.loads.set(loadId, 0);
  }

  /** False where it was not waited for. */
  forget(loadId: number): boolean {
    this.#versionsHeld.delete(loadId);
    return this.loads.delete(loadId);
  }

  /** A load gets the copy. Returns the version that another viewer then holds; undefined for the own player. */
  answered(loadId: number, nowMs: number): number | undefined {
    const versionHeld = this.#versionsHeld.get(loadId);
    this.forget(loadId);
    if (versionHeld !== undefined) return this.isLive ? this.#toldAfter(versionHeld) : -1;
    this.delivered(nowMs);
    return undefined;
  }

  #toldAfter(versionHeld: number): number {
    const { facts, version } = this;
    const follows = (facts?.mediaSequence ?? 0) - 1;
    const isTorn = versionHeld >= 0 && follows * partsPerSegmentBound > versionHeld;
    return isTorn ? version - 1 : version;
  }

  /** Takes what the own edge gave, unless something newer is held that it does not contradict. */
  adoptOwn(text: string, nowMs: number): Adoption {
    const facts = this.#read(text);
    if (!this.multivariant && !facts) return 'invalid';
    this.isDoubted = false;
    this.isOutdated = false;
    if (!facts) return this.#take(text, facts, nowMs, null, 'newer');
    const isForged = this.#isForged(facts);
    this.own = ownCopy(this.own, text, facts, this.url ?? '', nowMs);
    if (isForged) {
      this.seenAtMs.clear();
      this.#startOver();
      return this.#take(text, facts, nowMs, null, 'contradicted');
    }
    if (!this.#isNewer(facts) && !this.#isRestart(facts)) return 'not-newer';
    return this.#take(text, facts, nowMs, null, 'newer');
  }

  /** Takes a peer's copy as far as it can be right by what the own edge has said. */
  adoptPeers(text: string, nowMs: number, sender: string): Adoption {
    const facts = this.#read(text);
    if (!facts) {
      const url = this.url ?? '';
      if (!this.multivariant) return 'invalid';
      if (this.text !== null || !leadsHome(text, url)) return 'not-newer';
      return this.#take(text, facts, nowMs, sender, 'newer');
    }
    const { url, changedAtMs, own } = this;
    const known = { url: url ?? '', facts: this.facts, changedAtMs, own };
    const judgement = judge(text, facts, known, nowMs);
    if (judgement === 'forged') return 'invalid';
    if (judgement === 'contrary') return 'contrary';
    if (judgement === 'doubtful') {
      this.isDoubted ||= this.#isNewer(facts);
      return 'doubtful';
    }
    if (!this.#isNewer(facts)) return 'not-newer';
    return this.#take(text, facts, nowMs, sender, 'newer');
  }

  #read(text: string): PlaylistFacts | null {
    const facts = this.multivariant ? null : readMediaPlaylist(text, this.url ?? '');
    // Beyond this numbers do not count on, and no packager starts there.
    return facts && Number.isSafeInteger(facts.version) ? facts : null;
  }

  #take(
    text: string,
    facts: PlaylistFacts | null,
    nowMs: number,
    sender: string | null,
    adoption: 'newer' | 'contradicted',
  ): Adoption {
    if (sender !== null && this.text === null) this.fedSinceMs = nowMs;
    if (facts && this.facts && adoption === 'newer') this.#see(facts, this.facts, nowMs);
    const isFirst = this.facts === null;
    this.text = text;
    this.facts = facts;
    if (isFirst) for (const [loadId, held] of this.#versionsHeld) this.#bound(loadId, held);
    this.changedAtMs = nowMs;
    this.sender = sender;
    return adoption;
  }

  #see(facts: PlaylistFacts, before: PlaylistFacts, nowMs: number): void {
    const { newestSequence, mediaSequence } = facts;
    const first = Math.max(
      before.newestSequence + 1,
      mediaSequence,
      newestSequence - trustBounds.segmentsMax + 1,
    );
    for (let sequence = first; sequence <= newestSequence; sequence += 1)
      this.seenAtMs.set(sequence, nowMs);
    for (const sequence of this.seenAtMs.keys()) {
      if (sequence < mediaSequence || sequence <= newestSequence - trustBounds.segmentsMax)
        this.seenAtMs.delete(sequence);
    }
  }

  /** Whether the copy that is held came from a peer and the own edge's shows that it cannot be right. */
  #isForged(facts: PlaylistFacts): boolean {
    const { facts: held, own } = this;
    if (!held || !this.fromPeer) return false;
    if (overlaps(facts, held)) return contradicts(facts, held);
    // An edge that moves is not far behind; one that stands still may be the one that is wrong.
    const moves = own !== null && facts.version > own.facts.version;
    return moves && held.newestSequence > facts.newestSequence + trustBounds.leadSegmentsMax;
  }

  #isNewer(facts: PlaylistFacts): boolean {
    const before = this.facts;
    return !before || facts.version > before.version || (facts.ended && !before.ended);
  }

  /** An encoder that starts over counts from the beginning; a stale cache is behind by a segment or two. */
  #isRestart(facts: PlaylistFacts): boolean {
    const before = this.facts;
    if (!before || facts.newestSequence >= before.mediaSequence - before.segments.size)
      return false;
    this.#startOver();
    return true;
  }

  #startOver(): void {
    this.deliveredVersion = -1;
    // What the loads ask for follows the old numbers.
    for (const loadId of this.loads.keys()) this.loads.set(loadId, -1);
  }
}
