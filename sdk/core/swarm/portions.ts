import { isNameable } from '../../../signaling/protocol/identity.ts';
import type { ServerFrame } from '../../../signaling/protocol/index.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { Ahead } from './ahead.ts';
import type { SwarmParts } from './parts.ts';

/** In an outage: keeps for others what the server says, gets what is missing of it, and tells what is held. */
export class Portions {
  #parts: SwarmParts;
  #ahead: Ahead;
  #epoch = 0;
  /** Null while nothing is planned. */
  #keeps: readonly string[] | null = null;
  #dueAtMs = 0;
  /** What the server knows. */
  #told = new Set<string>();
  #playing = '';

  constructor(parts: SwarmParts, ahead: Ahead) {
    this.#parts = parts;
    this.#ahead = ahead;
  }

  received(frame: ServerFrame): void {
    const { room } = this.#parts;
    const isWelcome = frame.type === 'welcome';
    if (!isWelcome && frame.type !== 'portion') return;
    if (!isWelcome && frame.epoch <= Math.max(this.#epoch, room.epoch)) return;
    // A server that knows nothing of this connection may count epochs anew.
    this.#epoch = isWelcome ? 0 : frame.epoch;
    this.#keeps = isWelcome ? null : frame.keeps;
    if (!this.#keeps) {
      this.#told.clear();
      this.#playing = '';
    }
    room.links.linkAlso(isWelcome ? [] : frame.links);
    for (const segmentId of this.#keeps ?? []) this.#ahead.keep(segmentId);
    this.tick();
  }

  get keeps(): readonly string[] {
    return this.#keeps ?? [];
  }

  tick(): void {
    const { context, memory, room } = this.#parts;
    if (!this.#keeps || !room.isJoined) return;
    if (context.nowMs >= this.#dueAtMs) {
      this.#dueAtMs = context.nowMs + limits.holdingsIntervalMs;
      // What the own player has played before goes first.
      for (const segmentId of this.#keeps) {
        const segment = memory.segments.get(segmentId);
        if (segment) memory.use(segment);
      }
      this.#tell();
    }
    context.wakeAt(this.#dueAtMs);
  }

  #tell(): void {
    const { context, memory, room } = this.#parts;
    const held = new Set<string>();
    for (const { segmentId, complete } of [...memory.segments.values()].reverse())
      if (complete && isNameable(segmentId) && held.size < limits.holdingsMax) held.add(segmentId);
    const gains = [...held].filter((id) => !this.#told.has(id));
    const losses = [...this.#told].filter((id) => !held.has(id));
    const playing = this.#ahead.playing(room.bufferMs ?? 0);
    const isNews = `${playing}` !== this.#playing;
    this.#told = held;
    this.#playing = `${playing}`;
    // All of it at once, in three frames at most: the map is to be right within a second.
    const max = limits.holdingsPerFrameMax;
    for (let from = 0; from < Math.max(gains.length, losses.length, Number(isNews)); from += max) {
      const gained = gains.slice(from, from + max);
      const lost = losses.slice(from, from + max);
      context.emit({ type: 'sendFrame', frame: { type: 'holdings', gained, lost, playing } });
    }
  }
}
