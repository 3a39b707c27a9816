import TinyQueue from 'tinyqueue';

interface Entry {
  atMs: number;
  order: number;
  place: number;
  run: () => void;
}

/** Where what belongs to no group happens, and the server, whose turn comes last. */
export const nowhere = 0;
export const serverPlace = -1;

/**
 * Virtual time: runs what is due in the order of time, and of asking where times are equal.
 *
 * Slices longer than a millisecond are for worlds too large for the processor's cache. In each slice, one place
 * (a group and its links) after another lives through all of it: order holds within a place, while what goes from
 * one to another may come late by up to a slice.
 */
export class Clock {
  nowMs = 0;
  /** Where what is asked for from now on will happen. */
  place = nowhere;
  readonly #sliceMs: number;
  /** What is due here in the slice that has begun. */
  #due: TinyQueue<Entry> = queueOf([]);
  /** Of each slice, that has begun or not, what is due at other places. */
  #waiting = new Map<number, Map<number, Entry[]>>();
  #slice = 0;
  /** Where time runs. */
  #here = nowhere;
  #order = 0;

  constructor(sliceMs = 1) {
    this.#sliceMs = sliceMs;
  }

  at(atMs: number, run: () => void, place = this.place): void {
    this.#order += 1;
    const here = this.#sliceMs > 1 ? place : nowhere;
    const entry = { atMs: Math.max(atMs, this.nowMs), order: this.#order, place, run };
    const slice = Math.max(this.#slice, Math.floor(entry.atMs / this.#sliceMs));
    if (slice === this.#slice && here === this.#here) return void this.#due.push(entry);
    const places = this.#waiting.get(slice) ?? new Map<number, Entry[]>();
    this.#waiting.set(slice, places);
    const entries = places.get(here);
    if (entries) entries.push(entry);
    else places.set(here, [entry]);
  }

  after(delayMs: number, run: () => void, place = this.place): void {
    this.at(this.nowMs + delayMs, run, place);
  }

  runUntil(endMs: number): void {
    for (;;) {
      const next = this.#due.peek();
      if (next && next.atMs <= endMs) {
        this.#due.pop();
        this.nowMs = next.atMs;
        this.place = next.place;
        next.run();
      } else if (next || !this.#goOn(endMs)) break;
    }
    this.nowMs = endMs;
    this.place = nowhere;
  }

  /** To the next place of the slice, or to the next slice. Returns false at the end. */
  #goOn(endMs: number): boolean {
    const places = this.#waiting.get(this.#slice) ?? new Map<number, Entry[]>();
    for (const [place, entries] of places) {
      if (place === serverPlace && places.size > 1) continue;
      this.#here = place;
      this.#due = queueOf(entries);
      places.delete(place);
      return true;
    }
    if ((this.#slice + 1) * this.#sliceMs > endMs) return false;
    this.#waiting.delete(this.#slice);
    this.#slice += 1;
    this.#here = nowhere;
    return true;
  }
}

function queueOf(entries: Entry[]): TinyQueue<Entry> {
  return new TinyQueue(entries, (a, b) => a.atMs - b.atMs || a.order - b.order);
}
