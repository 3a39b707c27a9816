import {
  type Descriptor,
  type Integrity,
  limits,
  parseDescriptor,
  type SignedDescriptor,
} from '../../signaling/protocol/index.ts';
import type { CoreEvent } from '../core/core.ts';
import type { Seals } from '../ports/seals.ts';
import type { Media } from './media.ts';

/** Checks media against the descriptors of the room's attestor. */
export class Verifier {
  #room: string;
  #seals: Seals;
  #media: Media;
  #dispatch: (event: CoreEvent) => void;
  #integrity: Integrity = { mode: 'none', keys: [] };
  #descriptors = new Map<string, Descriptor>();
  #bodies = new Map<string, string>();
  /** Descriptors that no trusted key signed, or that are for another room. */
  refusedCount = 0;

  constructor(room: string, seals: Seals, media: Media, dispatch: (event: CoreEvent) => void) {
    this.#room = room;
    this.#seals = seals;
    this.#media = media;
    this.#dispatch = dispatch;
  }

  get mode(): Integrity['mode'] {
    return this.#integrity.mode;
  }

  configure(integrity: Integrity): void {
    this.#integrity = integrity;
  }

  /** Takes signed descriptors, and checks what the own edge gave so far against those that hold. */
  async add(signed: readonly SignedDescriptor[]): Promise<void> {
    for (const { body, signature } of signed) {
      const descriptor = parseDescriptor(body);
      if (descriptor && this.#bodies.get(descriptor.segmentId) === body) continue;
      const isTrusted =
        descriptor?.room === this.#room &&
        this.#seals.available &&
        (await this.#seals.isSigned(body, signature, this.#integrity.keys).catch(() => false));
      if (!descriptor || !isTrusted) {
        this.refusedCount += 1;
        continue;
      }
      this.#keep(descriptor, body);
      const { segmentId, sizeBytes } = descriptor;
      this.#dispatch({ type: 'segmentVouched', segmentId, sizeBytes });
      for (const [part, bytes] of this.#media.parts(segmentId)) {
        void this.vouch(segmentId, part, bytes);
      }
    }
  }

  /** Whether the part is what its descriptor says; null when there is no descriptor to tell. */
  async check(
    segmentId: string,
    part: number,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<boolean | null> {
    const descriptor = this.#descriptors.get(segmentId);
    if (!descriptor) return null;
    const expected = descriptor.digests[part];
    return expected !== undefined && (await this.#seals.digest(bytes)) === expected;
  }

  /** Tells the core when a part that the own edge gave may be passed on. */
  async vouch(segmentId: string, part: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.mode === 'none') return;
    const isRight = await this.check(segmentId, part, bytes).catch(() => null);
    if (isRight) this.#dispatch({ type: 'partVouched', segmentId, part });
  }

  /** An encoder that starts over uses numbers again: the newest descriptor of a number is the one that counts. */
  #keep(descriptor: Descriptor, body: string): void {
    this.#descriptors.set(descriptor.segmentId, descriptor);
    this.#bodies.set(descriptor.segmentId, body);
    if (this.#descriptors.size <= limits.descriptorsKept) return;
    for (const oldest of this.#descriptors.keys()) {
      this.#descriptors.delete(oldest);
      this.#bodies.delete(oldest);
      return;
    }
  }
}
