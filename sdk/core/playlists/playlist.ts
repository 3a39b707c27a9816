import {
  type PlaylistFacts,
  readMediaPlaylist,
} from '../../../signaling/protocol/playlist-text.ts';

/** Fractions of the target duration. */
export const playlistTimings = {
  /** The next update is not looked for before this. */
  restFraction: 0.9,
  /** Then this often, so that all learn of a segment soon after it appears. */
  pollFraction: 0.2,
  /** An update is late by so much: the next in rank polls too. */
  takeoverFraction: 0.3,
  /** A copy older than this is not good enough to start from. */
  freshFraction: 1.5,
  /** A playlist that the player has not asked for in this many target durations is not followed any more. */
  followedFactor: 6,
  playlistsMax: 32,
  /** A member that could not read a playlist is passed over for so long. */
  unableMs: 10_000,
} as const;

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
  fromPeer = false;
  /** Loads of the own player that wait, with the time they came. */
  readonly loads = new Map<number, number>();
  lastWantedMs = Number.NEGATIVE_INFINITY;
  fetch: { fetchId: number; startedAtMs: number } | null = null;
  fetchedAtMs = Number.NEGATIVE_INFINITY;
  askedAtMs = Number.NEGATIVE_INFINITY;
  failed = false;
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

  get isLive(): boolean {
    return !this.multivariant && this.facts?.ended !== true;
  }

  /** Takes a newer copy; returns false and changes nothing when it is not newer or not a media playlist. */
  adopt(text: string, nowMs: number, fromPeer: boolean): boolean {
    const facts = this.multivariant ? null : readMediaPlaylist(text, this.url ?? '');
    if (!this.multivariant && !facts) return false;
    if (facts && this.facts && !this.#isNewer(facts, fromPeer)) return false;
    if (this.multivariant && this.text !== null && fromPeer) return false;
    if (facts && this.facts) {
      for (
        let sequence = this.facts.newestSequence + 1;
        sequence <= facts.newestSequence;
        sequence += 1
      ) {
        this.seenAtMs.set(sequence, nowMs);
      }
      for (const sequence of this.seenAtMs.keys())
        if (sequence < facts.mediaSequence) this.seenAtMs.delete(sequence);
    }
    this.text = text;
    this.facts = facts;
    this.changedAtMs = nowMs;
    this.fromPeer = fromPeer;
    return true;
  }

  #isNewer(facts: PlaylistFacts, fromPeer: boolean): boolean {
    const before = this.facts;
    if (!before || facts.version > before.version || (facts.ended && !before.ended)) return true;
    // An encoder that starts over counts from the beginning; a stale cache is behind by a segment or two.
    const isRestart = facts.newestSequence < before.mediaSequence - before.segments.size;
    if (fromPeer || !isRestart) return false;
    this.deliveredVersion = -1;
    return true;
  }
}
