/** Where the reader writes: names are completed, an answer and an announcement are shown as such. */
import type { MessageDraft } from '../../../sdk/index.ts';
import { byId, make, setText } from '../dom.ts';
import { completionsOf, mentionBefore, mentionsIn, type Person } from './people.ts';

export interface ComposerOptions {
  people: () => readonly Person[];
  /** @returns What is wrong, in words; empty when it was sent. */
  onSend: (draft: MessageDraft) => Promise<string>;
}

export class Composer {
  readonly #options: ComposerOptions;
  readonly #form = byId<HTMLFormElement>('chat-form');
  readonly #input = byId<HTMLInputElement>('chat-input');
  readonly #names = byId('chat-names');
  readonly #answering = byId('chat-answering');
  readonly #announce = byId<HTMLInputElement>('chat-announce');
  readonly #announceLabel = byId('chat-announce-label');
  readonly #send = byId<HTMLButtonElement>('chat-send');
  readonly #trouble = byId('chat-trouble');
  #offered: Person[] = [];
  #chosen = 0;
  #replyTo: string | undefined;
  #isSending = false;

  constructor(options: ComposerOptions) {
    this.#options = options;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#input.addEventListener('input', () => this.#offer());
    this.#input.addEventListener('click', () => this.#offer());
    this.#input.addEventListener('blur', () => this.#close());
    this.#input.addEventListener('keydown', (event) => this.#key(event));
    byId('chat-answer-not').addEventListener('click', () => {
      this.answer(null, '');
      this.#input.focus();
    });
    // A press on a name must not take the focus from the text.
    this.#names.addEventListener('pointerdown', (event) => event.preventDefault());
  }

  /** Who writes. */
  become(person: Person | null): void {
    const isKeeper = person !== null && person.role !== 'viewer';
    // Absent, and not only of no use: nobody is to be told of what is not allowed.
    if (isKeeper) byId('chat-note').append(this.#announceLabel);
    else this.#announceLabel.remove();
    this.#announce.checked = false;
    this.#input.disabled = person === null;
    this.#send.disabled = person === null;
    this.answer(null, '');
    setText(this.#trouble, '');
    const name = person ? `Write as ${person.name}` : 'Write';
    this.#input.placeholder = name;
    this.#input.setAttribute('aria-label', name);
  }

  /** Null answers nobody. */
  answer(id: string | null, words: string): void {
    this.#replyTo = id ?? undefined;
    setText(this.#answering, words);
    this.#form.classList.toggle('is-answering', id !== null);
    if (id !== null) this.#input.focus();
  }

  /** What it answers is gone. */
  forget(id: string): void {
    if (this.#replyTo === id) this.answer(null, '');
  }

  name(person: Person): void {
    const { value } = this.#input;
    const gap = value === '' || value.endsWith(' ') ? '' : ' ';
    this.#input.value = `${value}${gap}@${person.name} `;
    this.#input.focus();
  }

  tell(trouble: string): void {
    setText(this.#trouble, trouble);
  }

  async #submit(): Promise<void> {
    const text = this.#input.value.trim();
    if (text === '' || this.#isSending) return;
    const mentions = mentionsIn(text, this.#options.people());
    const draft: MessageDraft = { text };
    if (mentions.length > 0) draft.mentions = mentions;
    if (this.#replyTo !== undefined) draft.replyTo = this.#replyTo;
    if (this.#announce.isConnected && this.#announce.checked) draft.kind = 'announcement';
    this.#isSending = true;
    const trouble = await this.#options.onSend(draft);
    this.#isSending = false;
    setText(this.#trouble, trouble);
    if (trouble !== '') return;
    // Something else may have been typed meanwhile.
    if (this.#input.value.trim() === text) this.#input.value = '';
    this.#announce.checked = false;
    this.answer(null, '');
    this.#close();
  }

  #key(event: KeyboardEvent): void {
    const { key } = event;
    if (this.#offered.length === 0) {
      if (key === 'Escape') this.answer(null, '');
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (step !== undefined) {
      this.#chosen = (this.#chosen + step + this.#offered.length) % this.#offered.length;
      this.#draw();
    } else if (key === 'Enter' || key === 'Tab') this.#take(this.#offered[this.#chosen]);
    else if (key === 'Escape') this.#close();
    else return;
    event.preventDefault();
  }

  #offer(): void {
    const { value, selectionStart } = this.#input;
    const being = mentionBefore(value, selectionStart ?? value.length);
    this.#offered = being ? completionsOf(being.typed, this.#options.people()) : [];
    this.#chosen = 0;
    this.#draw();
  }

  #close(): void {
    this.#offered = [];
    this.#draw();
  }

  #take(person: Person | undefined): void {
    const { value, selectionStart } = this.#input;
    const caret = selectionStart ?? value.length;
    const being = mentionBefore(value, caret);
    if (person && being) {
      const before = `${value.slice(0, being.from)}@${person.name} `;
      this.#input.value = `${before}${value.slice(caret)}`;
      this.#input.setSelectionRange(before.length, before.length);
    }
    this.#close();
  }

  #draw(): void {
    const isOpen = this.#offered.length > 0;
    this.#names.hidden = !isOpen;
    this.#names.replaceChildren(
      ...this.#offered.map((person, index) => {
        const option = make('div', 'chat-name', person.name);
        option.id = `chat-name-${index}`;
        option.setAttribute('role', 'option');
        option.setAttribute('aria-selected', String(index === this.#chosen));
        option.addEventListener('click', () => this.#take(person));
        return option;
      }),
    );
    this.#input.setAttribute('aria-expanded', String(isOpen));
    if (isOpen) this.#input.setAttribute('aria-activedescendant', `chat-name-${this.#chosen}`);
    else this.#input.removeAttribute('aria-activedescendant');
  }
}
