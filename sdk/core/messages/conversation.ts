import type { Pseudonym } from './events.ts';
import { asHabit, conversationHalfLifeMs, faded, inConversation } from './fading.ts';

/** People with whom one has spoken last. */
const partnersMax = 8;

interface Partner {
  id: Pseudonym;
  atMs: number;
}

/** Whom one person in a room addresses, and who addresses it, as far as this user's device has seen. */
export class Conversation {
  toMeAtMs = Number.NEGATIVE_INFINITY;
  toNobodyAtMs = Number.NEGATIVE_INFINITY;
  fromMeAtMs = Number.NEGATIVE_INFINITY;
  fromOtherAtMs = Number.NEGATIVE_INFINITY;
  readonly toMe = inConversation();
  readonly toOther = inConversation();
  readonly fromMe = inConversation();
  readonly fromOther = inConversation();
  /** This user spoke to nobody, right after it. */
  readonly perhapsFromMe = inConversation();
  readonly fromMeEver = asHabit();
  /** Its messages to nobody since somebody addressed it: it waits for an answer. */
  waiting = 0;
  /** Its messages since this user addressed it. */
  countSinceFromMe = 0;
  /** The newest first. */
  partners: readonly Partner[] = [];

  speaksToNobody(atMs: number): void {
    this.toNobodyAtMs = atMs;
    this.waiting += 1;
  }

  speaksTo(id: Pseudonym, isMe: boolean, atMs: number): void {
    if (isMe) {
      this.toMeAtMs = atMs;
      this.toMe.add(atMs);
    } else {
      this.toOther.add(atMs);
    }
    this.#meets(id, atMs);
  }

  hearsFrom(id: Pseudonym, isMe: boolean, atMs: number): void {
    this.waiting = 0;
    if (isMe) {
      this.fromMeAtMs = atMs;
      this.fromMe.add(atMs);
      this.fromMeEver.add(atMs);
      this.countSinceFromMe = 0;
    } else {
      this.fromOtherAtMs = atMs;
      this.fromOther.add(atMs);
    }
    this.#meets(id, atMs);
  }

  perhapsHearsFromMe(atMs: number): void {
    this.perhapsFromMe.add(atMs);
  }

  /** Place of somebody among those it spoke with last, 0 for the last; `partnersMax` for others. */
  placeOf(id: Pseudonym): number {
    const place = this.partners.findIndex((partner) => partner.id === id);
    return place < 0 ? partnersMax : place;
  }

  /** How much of its present company is that of another: 0 for none; each common partner adds at most 1. */
  shares(other: Conversation, except: Pseudonym, nowMs: number): number {
    let shared = 0;
    for (const { id, atMs } of this.partners) {
      const common =
        id === except ? undefined : other.partners.find((partner) => partner.id === id);
      if (common)
        shared +=
          faded(nowMs - atMs, conversationHalfLifeMs) *
          faded(nowMs - common.atMs, conversationHalfLifeMs);
    }
    return shared;
  }

  #meets(id: Pseudonym, atMs: number): void {
    const others = this.partners.filter((partner) => partner.id !== id);
    this.partners = [{ id, atMs }, ...others.slice(0, partnersMax - 1)];
  }
}
