/** The chat of the room, as one viewer of this page reads it: the user is that viewer. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { HoldfastError, type Message, type MessageDraft } from '../../../sdk/index.ts';
import { mayRemove } from '../../../signaling/core/messages/rules.ts';
import { byId, setText } from '../dom.ts';
import { pageId } from '../page-id.ts';
import type { Room } from '../room.ts';
import type { Viewer } from '../viewer.ts';
import { Composer } from './composer.ts';
import type { Entry, InboxChange } from './inbox.ts';
import { Judge } from './judge.ts';
import { answersWithinMs, logEventsOf } from './log-events.ts';
import { type Known, nameOf, type Person, peopleOf, readerOf, titleOf } from './people.ts';
import { drawReactions, excerpt, makeRow, type Row } from './rows.ts';
import { Talkers } from './talkers.ts';
import { troubleWords } from './trouble.ts';

export interface ChatOptions {
  room: Room;
  viewersAtStart: number;
}

/** The same small talk each time. */
const seed = 6;
/** A host, a moderator, and one who is neither. */
const rolesCount = 3;
const readerKey = 'chat-reader';

export class Chat {
  readonly #room: Room;
  readonly #select = byId<HTMLSelectElement>('chat-as');
  readonly #talk = byId<HTMLButtonElement>('chat-talk');
  readonly #judge: Judge;
  readonly #composer: Composer;
  readonly #talkers: Talkers;
  /** Whom the user is. */
  #viewer: Viewer | null = null;
  #awaited: number;

  constructor({ room, viewersAtStart }: ChatOptions) {
    this.#room = room;
    this.#awaited = Math.min(rolesCount, viewersAtStart);
    this.#judge = new Judge({
      nameOf: ({ entry }) => this.#nameOf(entry),
      rightsOf: (row) => this.#rightsOf(row),
      onName: (row) => this.#name(row),
      onReply: (row) => this.#reply(row),
      onReact: (row, emoji) => void this.#react(row, emoji),
      onRemove: (row) => void this.#remove(row),
      onTrouble: (trouble) => this.#composer.tell(trouble),
    });
    this.#composer = new Composer({
      people: () => this.#people().filter((person) => person !== this.#viewer?.person),
      onSend: (draft) => this.#send(draft),
    });
    const generator = xoroshiro128plus(seed);
    this.#talkers = new Talkers({
      random: () => uniformFloat64(generator),
      viewers: () => room.viewers,
      reader: () => this.#viewer,
    });
    this.#listen();
    this.#become(null);
  }

  /** Once a second. */
  update(): void {
    const { viewers } = this.#room;
    if (!this.#viewer || !viewers.includes(this.#viewer)) {
      const before = sessionStorage.getItem(readerKey);
      const next = readerOf(viewers, before, this.#awaited);
      if (next !== this.#viewer) this.#become(next);
    }
    this.#fill(viewers);
    if (!document.hidden) void this.#judge.refresh();
  }

  #listen(): void {
    this.#select.addEventListener('change', () => {
      const chosen = this.#room.viewers.find(({ number }) => String(number) === this.#select.value);
      if (!chosen) return;
      sessionStorage.setItem(readerKey, chosen.person.subject);
      this.#become(chosen);
    });
    byId<HTMLInputElement>('chat-filter').addEventListener('change', ({ target }) =>
      this.#judge.list.filter((target as HTMLInputElement).checked),
    );
    this.#talk.addEventListener('click', () => this.#setTalk(!this.#talkers.isTalking));
    this.#setTalk(true);
  }

  #setTalk(isOn: boolean): void {
    if (isOn) this.#talkers.start();
    else this.#talkers.stop();
    setText(this.#talk, isOn ? 'Stop the talk' : 'Let them talk');
  }

  #fill(viewers: readonly Viewer[]): void {
    const options = viewers.map(({ number, person }) => ({ key: String(number), person }));
    const shown = [...this.#select.options].map(({ value }) => value);
    if (shown.join() !== options.map(({ key }) => key).join())
      this.#select.replaceChildren(
        ...options.map(({ key, person }) => new Option(titleOf(person), key)),
      );
    this.#select.value = String(this.#viewer?.number ?? '');
  }

  #become(viewer: Viewer | null): void {
    if (this.#viewer) this.#viewer.onChat = null;
    this.#viewer = viewer;
    // Who goes later is followed by somebody at once.
    if (viewer) this.#awaited = 0;
    this.#judge.become(viewer?.person.subject ?? null);
    this.#composer.become(viewer?.person ?? null);
    if (!viewer) return;
    for (const entry of viewer.inbox.entries) this.#add(viewer, entry, []);
    viewer.onChat = (change) => this.#change(viewer, change);
  }

  #change(viewer: Viewer, change: InboxChange): void {
    if (change.type === 'added') {
      this.#add(viewer, change.entry, change.dropped);
      this.#letAnswer(viewer, change.entry.message);
    } else if (change.type === 'removed') {
      this.#judge.remove(change.id);
      this.#composer.forget(change.id);
    } else {
      const row = this.#judge.list.row(change.entry.message.header.id);
      if (row) drawReactions(row);
      for (const { type, header } of this.#events(viewer, change.reaction))
        this.#judge.record(type, header);
    }
  }

  #add(viewer: Viewer, entry: Entry, dropped: readonly string[]): void {
    const { header } = entry.message;
    const row = makeRow(entry, {
      people: this.#people(),
      answered: header.replyTo === undefined ? undefined : viewer.inbox.find(header.replyTo),
      nameOf: (other) => this.#nameOf(other),
      me: viewer.person.subject,
    });
    this.#judge.list.add(row, dropped);
    // What was written long ago would count as written now.
    const isLate = Date.now() - header.sentAtMs > answersWithinMs;
    void this.#judge.take(row, isLate ? [] : this.#events(viewer, entry.message));
  }

  #events({ inbox, person }: Viewer, { header }: Message) {
    return logEventsOf(header, person.subject, {
      find: (id) => inbox.find(id)?.message.header,
      lastOf: (from, untilMs) => inbox.lastOf(from, untilMs),
    });
  }

  /** Whom the user speaks to says something. */
  #letAnswer({ inbox, person }: Viewer, message: Message): void {
    const { from, mentions = [], replyTo = '' } = message.header;
    if (from !== person.subject) return;
    const answered = inbox.find(replyTo)?.message.header.from;
    const named = answered === undefined ? mentions : [answered, ...mentions];
    const others = this.#room.viewers.map((viewer) => viewer.person.subject);
    const asked = named.filter((subject) => subject !== from && others.includes(subject));
    this.#talkers.addressed(message, asked);
  }

  #people(): Person[] {
    const heard = this.#viewer?.inbox.entries.map(knownOf) ?? [];
    return peopleOf(
      this.#room.viewers.map(({ person }) => person),
      heard,
    );
  }

  #nameOf(entry: Entry): string {
    return nameOf(knownOf(entry));
  }

  #rightsOf({ entry }: Row) {
    const { header } = entry.message;
    const me = this.#viewer?.person;
    return {
      mayRemove: me !== undefined && mayRemove(me, header),
      isOwn: header.from === me?.subject,
    };
  }

  #name({ entry }: Row): void {
    const { from } = entry.message.header;
    const person = this.#people().find(({ subject }) => subject === from);
    if (person) this.#composer.name(person);
  }

  #reply({ entry }: Row): void {
    const { header, text } = entry.message;
    this.#composer.answer(header.id, `Answers ${this.#nameOf(entry)}: ${excerpt(text)}`);
  }

  async #react({ entry }: Row, emoji: string): Promise<void> {
    const replyTo = entry.message.header.id;
    this.#composer.tell(await this.#send({ kind: 'reaction', text: emoji, replyTo }));
  }

  async #remove({ entry }: Row): Promise<void> {
    const removed = this.#viewer?.messages.remove(entry.message.header.id);
    this.#composer.tell(await troubleOf(removed));
  }

  #send(draft: MessageDraft): Promise<string> {
    return troubleOf(this.#viewer?.messages.send(draft));
  }
}

function knownOf({ message }: Entry): Known {
  const { from, role } = message.header;
  return { subject: from, name: message.name, role, isHere: from.startsWith(`${pageId()}-`) };
}

async function troubleOf(asked: Promise<unknown> | undefined): Promise<string> {
  try {
    await asked;
    return '';
  } catch (error) {
    if (!(error instanceof HoldfastError)) return troubleWords(null);
    return troubleWords(error.code, error.retryAfterMs);
  }
}
