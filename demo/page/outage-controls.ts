/** Takes the edges from viewers: how, and from whom. */
import { outageFaults } from '../server/lines.ts';
import { byId, make, setAttribute, setText } from './dom.ts';
import { outageFaultWords } from './outage-words.ts';
import type { Room } from './room.ts';
import type { DemoState, Outage, OutageFault, OutageScope } from './servers.ts';

export interface OutageControlsOptions {
  room: Room;
  onOutage: (outage: Outage | null) => void;
}

const scopes = ['one', 'others', 'everybody'] as const satisfies readonly OutageScope[];

export class OutageControls {
  readonly #options: OutageControlsOptions;
  readonly #viewer = byId<HTMLSelectElement>('outage-viewer');
  readonly #buttons = new Map<OutageScope, HTMLButtonElement>();
  readonly #radios = new Map<OutageFault, HTMLInputElement>();

  constructor(options: OutageControlsOptions) {
    this.#options = options;
    byId('outage-faults').append(...outageFaults.map((fault) => this.#radio(fault)));
    byId('outage-scopes').append(...scopes.map((scope) => this.#button(scope)));
    this.#viewer.addEventListener('change', () => this.#label());
  }

  /** Once a second. @returns What is in force, in a word or two; empty when nothing is. */
  render(state: DemoState | null): string {
    const { viewers } = this.#options.room;
    this.#fillViewers(viewers.map(({ number }) => number));
    this.#label();
    const outage = state?.outage ?? null;
    const isOurs = outage !== null && (outage.scope === 'everybody' || outage.line === this.#line);
    for (const [scope, button] of this.#buttons) {
      const isPressed = isOurs && outage.scope === scope;
      setAttribute(button, 'aria-pressed', String(isPressed));
      button.disabled = !state || viewers.length === 0;
    }
    if (!outage) return '';
    return outageFaultWords[outage.fault].name.toLowerCase();
  }

  get #line(): string | null {
    const number = Number(this.#viewer.value);
    return this.#options.room.viewers.find((viewer) => viewer.number === number)?.line ?? null;
  }

  get #fault(): OutageFault {
    return outageFaults.find((fault) => this.#radios.get(fault)?.checked) ?? 'cut';
  }

  #fillViewers(numbers: readonly number[]): void {
    const shown = [...this.#viewer.options].map(({ value }) => Number(value));
    if (String(shown) === String(numbers)) return;
    const { value } = this.#viewer;
    this.#viewer.replaceChildren(
      ...numbers.map((number) => new Option(String(number), String(number))),
    );
    if (numbers.includes(Number(value))) this.#viewer.value = value;
  }

  #label(): void {
    const { value } = this.#viewer;
    const names = {
      one: `Only viewer ${value}`,
      others: `All but viewer ${value}`,
      everybody: 'Everybody',
    };
    for (const [scope, button] of this.#buttons) setText(button, names[scope]);
  }

  #radio(fault: OutageFault): HTMLElement {
    const { name, does } = outageFaultWords[fault];
    const input = make('input');
    Object.assign(input, { type: 'radio', name: 'outage-fault', value: fault });
    input.checked = fault === 'cut';
    input.addEventListener('change', () => this.#changeFault());
    this.#radios.set(fault, input);
    const label = make('label', 'choice', input, make('span', '', name));
    label.title = does;
    return label;
  }

  /** An outage that holds goes on in the new way. */
  #changeFault(): void {
    for (const [scope, button] of this.#buttons)
      if (button.getAttribute('aria-pressed') === 'true') this.#set(scope);
  }

  #button(scope: OutageScope): HTMLElement {
    const button = make('button', 'fault');
    button.type = 'button';
    button.setAttribute('aria-pressed', 'false');
    button.addEventListener('click', () => {
      if (button.getAttribute('aria-pressed') === 'true') this.#options.onOutage(null);
      else this.#set(scope);
    });
    this.#buttons.set(scope, button);
    return button;
  }

  #set(scope: OutageScope): void {
    const line = this.#line;
    if (line !== null) this.#options.onOutage({ fault: this.#fault, scope, line });
  }
}
