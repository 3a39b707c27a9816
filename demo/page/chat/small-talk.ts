/** Who of the wall says what next. Pure: chance comes from outside, and ids of what was sent are told. */
import type { Message, MessageDraft } from '../../../sdk/index.ts';
import { mentionsIn, type Person } from './people.ts';
import { answers, type Part, type Scene, scenes } from './scenes.ts';

export interface Stage {
  /** Who may be given lines. */
  speakers: readonly Person[];
  /** Who is spoken to, and speaks for itself; null while nobody reads. */
  reader: Person | null;
}

export interface Spoken {
  by: Person;
  draft: MessageDraft;
}

interface Playing {
  scene: Scene;
  cast: Cast;
  /** Ids of the lines so far; null of one that was lost. */
  ids: (string | null)[];
}

type Cast = ReadonlyMap<Part | 'you', Person>;

/** Answers that the reader waits for; more at once nobody would give. */
const answersWaitingMax = 3;

export class SmallTalk {
  readonly #random: () => number;
  /** Scenes that were not played since all were. */
  #left: Scene[] = [];
  #playing: Playing | null = null;
  #answers: { by: string; to: Message }[] = [];
  /** The last line was an answer, and none of the scene. */
  #isAside = false;

  /** @param random Uniform in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** @returns What is to be sent now; null when there is nobody to say anything. Ends with `sent`. */
  next(stage: Stage): Spoken | null {
    return this.#answer(stage) ?? this.#line(stage);
  }

  /** What became of the last line; null where the room did not take it. */
  sent(id: string | null): void {
    if (!this.#isAside) this.#playing?.ids.push(id);
  }

  /** The reader has spoken to these. */
  addressed(message: Message, subjects: readonly string[]): void {
    const [by] = subjects;
    if (by !== undefined) this.#answers = [...this.#answers, { by, to: message }];
    this.#answers = this.#answers.slice(-answersWaitingMax);
  }

  #answer({ speakers }: Stage): Spoken | null {
    const wanted = this.#answers.shift();
    if (!wanted) return null;
    const by = speakers.find(({ subject }) => subject === wanted.by);
    if (!by) return null;
    const { text, header } = wanted.to;
    const pool = text.includes('?') ? answers.question : answers.remark;
    this.#isAside = true;
    return { by, draft: { text: this.#pick(pool), replyTo: header.id } };
  }

  #line(stage: Stage): Spoken | null {
    this.#isAside = false;
    const isOver = !this.#playing || this.#playing.ids.length >= this.#playing.scene.length;
    if (isOver || !this.#isOnStage(stage)) this.#playing = this.#begin(stage);
    const playing = this.#playing;
    if (!playing) return null;
    const { scene, cast, ids } = playing;
    const line = scene[ids.length];
    const by = line && cast.get(line.by);
    if (!line || !by) return null;
    const named = [...cast.values()];
    const text = line.text.replace(/\{(\w+)\}/g, (_all, part: Part) => cast.get(part)?.name ?? '');
    const mentions = mentionsIn(text, named);
    const replyTo = line.answers === undefined ? undefined : (ids[line.answers] ?? undefined);
    // There is nothing left to react to.
    if (line.kind === 'reaction' && replyTo === undefined) {
      ids.push(null);
      return this.#line(stage);
    }
    const isNaming = mentions.length > 0;
    return { by, draft: { text, kind: line.kind, replyTo, ...(isNaming ? { mentions } : {}) } };
  }

  #isOnStage({ speakers, reader }: Stage): boolean {
    const present = new Set(speakers.map(({ subject }) => subject));
    return [...(this.#playing?.cast ?? [])].every(([part, { subject }]) =>
      part === 'you' ? subject === reader?.subject : present.has(subject),
    );
  }

  #begin(stage: Stage): Playing | null {
    for (const isAnew of [false, true]) {
      if (isAnew || this.#left.length === 0) this.#left = this.#shuffled(scenes);
      for (const scene of this.#left) {
        const cast = this.#cast(scene, stage);
        if (!cast) continue;
        this.#left = this.#left.filter((other) => other !== scene);
        return { scene, cast, ids: [] };
      }
    }
    return null;
  }

  /** Null where somebody is missing. */
  #cast(scene: Scene, { speakers, reader }: Stage): Cast | null {
    const cast = new Map<Part | 'you', Person>();
    if (scene.some(({ text }) => text.includes('{you}'))) {
      if (!reader) return null;
      cast.set('you', reader);
    }
    const parts = new Set(scene.map(({ by }) => by));
    let free = this.#shuffled(speakers);
    // Who has an office is cast first.
    for (const part of ['host', 'moderator', 'a', 'b', 'c'] as const) {
      if (!parts.has(part)) continue;
      const isOffice = part === 'host' || part === 'moderator';
      const person = isOffice ? free.find(({ role }) => role === part) : free[0];
      if (!person) return null;
      cast.set(part, person);
      free = free.filter((other) => other !== person);
    }
    return cast;
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.#random() * items.length)] as Item;
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    const left = [...items];
    return items.map(() => left.splice(Math.floor(this.#random() * left.length), 1)[0] as Item);
  }
}
