import { make } from './dom.ts';

const linesMax = 60;

/** What happened, newest first. */
export class Logbook {
  readonly #list: HTMLElement;

  constructor(list: HTMLElement) {
    this.#list = list;
  }

  write(text: string, grave = false): void {
    const time = new Date().toLocaleTimeString([], { hour12: false });
    this.#list.prepend(
      make('li', grave ? 'is-grave' : '', make('time', '', time), make('span', '', text)),
    );
    while (this.#list.childElementCount > linesMax) this.#list.lastElementChild?.remove();
  }
}
