import {
  type Descriptor,
  type Integrity,
  limits,
  parseDescriptor,
  parseEdges,
  parseSignedDescriptor,
  type SignedDescriptor,
  type SignedEdges,
  type VerificationKey,
  type WelcomeFrame,
} from '../../signaling/protocol/index.ts';
import { forgetOldest } from '../core/bounded.ts';
import type { CoreEvent, Effect } from '../core/core.ts';
import type { Seals } from '../ports/seals.ts';
import type { Media } from './media.ts';

export type IntegrityEffect = Extract<
  Effect,
  { type: 'integrity' | 'digestSegment' | 'trustDigests' | 'lookAtDescriptor' }
>;

interface Known extends Omit<Descriptor, 'room'> {
  /** Null where nobody signed it. */
  signed: SignedDescriptor | null;
}

/** Checks media against descriptors: signed ones, and those that the core trusts. */
export class Verifier {
  #room: string;
  #seals: Seals;
  #media: Media;
  #dispatch: (event: CoreEvent) => void;
  #keys: readonly VerificationKey[];
  /** The app has said who publishes: nobody else may. */
  #isPinned: boolean;
  #edgesKey: VerificationKey | undefined;
  #known = new Map<string, Known>();
  /** Whether peers are checked at all. */
  checks = false;
  /** Descriptors of peers that are looked at now. */
  #looking = 0;
  #adding: Promise<void> = Promise.resolve();

  constructor(
    room: string,
    publisherKey: VerificationKey | null,
    seals: Seals,
    media: Media,
    dispatch: (event: CoreEvent) => void,
  ) {
    this.#room = room;
    this.#isPinned = publisherKey !== null;
    this.#keys = publisherKey ? [publisherKey] : [];
    this.#seals = seals;
    this.#media = media;
    this.#dispatch = dispatch;
  }

  configure({ keys }: Integrity): void {
    if (!this.#isPinned) this.#keys = keys;
  }

  welcomed({ integrity, edgesKey }: Pick<WelcomeFrame, 'integrity' | 'edgesKey'>): void {
    this.configure(integrity);
    this.#edgesKey = edgesKey;
  }

  /** Tells the core what the server says of edges, if its key signed that. */
  async listEdges({ body, signature }: SignedEdges): Promise<void> {
    const edges = parseEdges(body);
    const isOurs = edges?.room === this.#room && this.#edgesKey && this.#seals.available;
    if (!isOurs || !this.#edgesKey) return;
    const isSigned = await this.#seals
      .isSigned(body, signature, [this.#edgesKey])
      .catch(() => false);
    if (isSigned) this.#dispatch({ type: 'edgesListed', body: edges });
  }

  perform(effect: IntegrityEffect): void {
    if (effect.type === 'integrity') this.checks = effect.mode !== 'none';
    else if (effect.type === 'digestSegment') void this.#digest(effect.segmentId).catch(() => {});
    else if ('signed' in effect) void this.addRelayed(effect.signed, effect.segmentId);
    else this.#keep({ ...effect, createdAtMs: 0, signed: null });
  }

  /**
   * Takes signed descriptors, and checks what the own edge gave so far against those that hold. None replaces a later
   * one, whoever brings it. `relayedFor`: the segment that a peer spoke of when it passed one on.
   */
  add(signed: readonly SignedDescriptor[], relayedFor?: string): Promise<void> {
    // One batch after another, so that what is known does not change while a signature is checked.
    this.#adding = this.#adding.then(() => this.#add(signed, relayedFor)).catch(() => {});
    return this.#adding;
  }

  /** A flood of them must not keep the page busy. */
  async addRelayed(signed: SignedDescriptor, segmentId: string): Promise<void> {
    if (this.#looking >= limits.requestsPerPeerMax) return;
    this.#looking += 1;
    await this.add([signed], segmentId);
    this.#looking -= 1;
  }

  async #add(signed: readonly SignedDescriptor[], relayedFor?: string): Promise<void> {
    for (const each of signed) {
      const { body, signature } = each;
      const descriptor = parseDescriptor(body);
      if (descriptor?.room !== this.#room || !this.#seals.available) continue;
      const { segmentId, sizeBytes, digests, createdAtMs } = descriptor;
      if (relayedFor !== undefined && relayedFor !== segmentId) continue;
      if ((this.#known.get(segmentId)?.createdAtMs ?? 0) >= createdAtMs) continue;
      if (!(await this.#seals.isSigned(body, signature, this.#keys).catch(() => false))) continue;
      const before = this.#known.get(segmentId)?.digests ?? digests;
      const replaces = String(before) !== String(digests);
      this.#keep({ ...descriptor, signed: each });
      this.#dispatch({ type: 'segmentVouched', segmentId, sizeBytes, replaces });
    }
  }

  /** Takes those of these segments from a publisher's file. */
  addFile(text: string, segmentIds: readonly string[]): void {
    // The id is a string within the string that was signed. Most lines are of other segments: they are not parsed.
    const names = segmentIds.map((id) => JSON.stringify(JSON.stringify(id)).slice(1, -1));
    const wanted = text
      .split('\n')
      .filter((line) => names.some((name) => line.includes(name)))
      .map(parseSignedDescriptor);
    void this.add(wanted.filter((signed) => signed !== null));
  }

  /** The descriptor as it was signed, for others; null when nobody signed one. */
  signed(segmentId: string): SignedDescriptor | null {
    return this.#known.get(segmentId)?.signed ?? null;
  }

  /** Whether the part is what its descriptor says; null when there is no descriptor to tell. */
  async check(
    segmentId: string,
    part: number,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<boolean | null> {
    const known = this.#known.get(segmentId);
    if (!known) return null;
    const expected = known.digests[part];
    return expected !== undefined && (await this.#seals.digest(bytes)) === expected;
  }

  /** Tells the core when a part that the own edge gave may be passed on. */
  async vouch(segmentId: string, part: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (!this.checks) return;
    const isRight = await this.check(segmentId, part, bytes).catch(() => null);
    if (isRight) this.#dispatch({ type: 'partVouched', segmentId, part });
  }

  async #digest(segmentId: string): Promise<void> {
    const parts = this.#media.parts(segmentId).sort(([a], [b]) => a - b);
    const digests = await Promise.all(parts.map(([, bytes]) => this.#seals.digest(bytes)));
    this.#dispatch({ type: 'segmentDigested', segmentId, digests });
  }

  #keep(known: Known): void {
    const { segmentId } = known;
    this.#known.delete(segmentId);
    this.#known.set(segmentId, known);
    forgetOldest(this.#known, limits.descriptorsKept);
    for (const [part, bytes] of this.#media.parts(segmentId))
      void this.vouch(segmentId, part, bytes);
  }
}
