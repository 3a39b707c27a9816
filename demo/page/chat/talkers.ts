/** Lets viewers of this page talk through their own sessions, at a gentle pace. */
import { HoldfastError, type Message } from '../../../sdk/index.ts';
import type { Viewer } from '../viewer.ts';
import { SmallTalk, type Stage } from './small-talk.ts';

/** Between two lines; one viewer alone may send one a second. */
const pauseMsMin = 2_200;
const pauseMsMax = 4_800;
/** Before the first line: viewers join one after the other. */
const beforeFirstMs = 3_000;

export interface TalkersOptions {
  random: () => number;
  viewers: () => readonly Viewer[];
  /** Who is spoken to and is left to the user. */
  reader: () => Viewer | null;
}

export class Talkers {
  readonly #options: TalkersOptions;
  readonly #talk: SmallTalk;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: TalkersOptions) {
    this.#options = options;
    this.#talk = new SmallTalk(options.random);
  }

  get isTalking(): boolean {
    return this.#timer !== undefined;
  }

  start(): void {
    if (!this.isTalking) this.#wait(beforeFirstMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The reader has spoken to these. */
  addressed(message: Message, subjects: readonly string[]): void {
    this.#talk.addressed(message, subjects);
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => void this.#speak(), ms);
  }

  async #speak(): Promise<void> {
    const timer = this.#timer;
    // Nobody would read what is said to a page that is not shown.
    const waitMs = document.hidden ? 0 : await this.#next();
    if (this.#timer !== timer) return; // stopped meanwhile
    const pauseMs = pauseMsMin + (pauseMsMax - pauseMsMin) * this.#options.random();
    this.#wait(Math.max(waitMs, pauseMs));
  }

  /** @returns How long the room wants to be left alone. */
  async #next(): Promise<number> {
    const spoken = this.#talk.next(this.#stage());
    if (!spoken) return 0;
    const viewer = this.#options.viewers().find(({ person }) => person === spoken.by);
    try {
      const sent = await viewer?.messages.send(spoken.draft);
      this.#talk.sent(sent?.header.id ?? null);
    } catch (error) {
      this.#talk.sent(null);
      return error instanceof HoldfastError ? (error.retryAfterMs ?? 0) : 0;
    }
    return 0;
  }

  #stage(): Stage {
    const reader = this.#options.reader();
    const joined = this.#options.viewers().filter(({ messages }) => messages.sender !== null);
    const speakers = joined.filter((viewer) => viewer !== reader).map(({ person }) => person);
    return { speakers, reader: reader?.person ?? null };
  }
}
