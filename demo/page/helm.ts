/** The controls: faults of the servers, viewers that come and go. */
import { byId, make, setAttribute, setText } from './dom.ts';
import { OutageControls } from './outage-controls.ts';
import type { Room } from './room.ts';
import {
  breakable,
  type DemoState,
  type FaultName,
  type Outage,
  type ServerName,
  serverTitles,
} from './servers.ts';
import { duration } from './text.ts';

export interface HelmOptions {
  room: Room;
  /** Viewers were asked for. */
  onAdd: (viewers: number) => void;
  onFault: (server: ServerName, fault: FaultName) => void;
  /** Null ends the outage. */
  onOutage: (outage: Outage | null) => void;
  /** Opens the same room in another tab. */
  anotherPageUrl: string;
}

const faultNames = ['cut', 'slow'] as const;
const faultTitles = { cut: 'Cut', slow: 'Slow' } as const;

export class Helm {
  readonly #options: HelmOptions;
  readonly #helm = byId('helm');
  readonly #toggle = byId('helm-toggle');
  readonly #faults = new Map<string, { button: HTMLButtonElement; note: HTMLElement }>();
  readonly #state = byId('helm-state');
  readonly #restore = byId<HTMLButtonElement>('restore');
  readonly #removeMaster = byId<HTMLButtonElement>('remove-master');
  readonly #outage: OutageControls;
  readonly #add = [byId<HTMLButtonElement>('add-one'), byId<HTMLButtonElement>('add-four')];

  constructor(options: HelmOptions) {
    this.#options = options;
    byId('faults').append(...breakable.map((server) => this.#faultRow(server)));
    this.#outage = new OutageControls({
      room: options.room,
      onOutage: (outage) => {
        options.onOutage(outage);
        this.#showEffect();
      },
    });
    byId<HTMLAnchorElement>('another-page').href = options.anotherPageUrl;
    this.#restore.addEventListener('click', () => {
      for (const server of breakable) options.onFault(server, 'none');
      options.onOutage(null);
      this.#showEffect();
    });
    this.#removeMaster.addEventListener('click', () => {
      options.room.removeMaster();
      this.#showEffect();
    });
    byId('add-one').addEventListener('click', () => options.onAdd(1));
    byId('add-four').addEventListener('click', () => options.onAdd(4));
    this.#foldOnPhones();
  }

  /** Once a second, and after each press. `state` is null while the demo does not answer. */
  render(state: DemoState | null): void {
    const { room } = this.#options;
    const broken: string[] = [];
    for (const [key, { button, note }] of this.#faults) {
      const [server, fault] = key.split(' ') as [ServerName, FaultName];
      const now = state?.servers[server];
      const pressed = now?.fault === fault;
      setAttribute(button, 'aria-pressed', String(pressed));
      button.disabled = !state;
      setText(note, pressed && now.faultForMs !== null ? duration(now.faultForMs) : '');
      if (pressed) broken.push(`${serverTitles[server]} ${fault}`);
    }
    const outage = this.#outage.render(state);
    if (outage) broken.unshift(outage);
    setText(this.#state, broken.join(', '));
    this.#restore.disabled = broken.length === 0;
    this.#removeMaster.disabled = !room.hasMaster();
    this.#removeMaster.title = room.hasMaster() ? '' : 'No viewer of this page is a master';
    for (const button of this.#add) button.disabled = !state || room.isFull;
  }

  #faultRow(server: ServerName): HTMLElement {
    const title = serverTitles[server];
    const buttons = faultNames.map((fault) => {
      const note = make('small');
      const button = make(
        'button',
        `fault fault-${fault}`,
        make('span', '', faultTitles[fault]),
        note,
      );
      button.type = 'button';
      button.setAttribute('aria-label', `${faultTitles[fault]} ${title}`);
      button.setAttribute('aria-pressed', 'false');
      button.addEventListener('click', () => {
        const pressed = button.getAttribute('aria-pressed') === 'true';
        this.#options.onFault(server, pressed ? 'none' : fault);
        this.#showEffect();
      });
      this.#faults.set(`${server} ${fault}`, { button, note });
      return button;
    });
    const name = make('span', 'fault-server', title.replace(/^the o/, 'O').replace(/^e/, 'E'));
    return make('div', 'fault-row', name, ...buttons);
  }

  /** On a narrow screen the panel is folded away below its handle. */
  #foldOnPhones(): void {
    this.#toggle.addEventListener('click', () => this.#open(!this.#isOpen));
    this.#helm.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#fold();
    });
  }

  get #isOpen(): boolean {
    return this.#helm.classList.contains('is-open');
  }

  #open(isOpen: boolean): void {
    this.#helm.classList.toggle('is-open', isOpen);
    this.#toggle.setAttribute('aria-expanded', String(isOpen));
  }

  #fold(): void {
    if (!this.#isOpen) return;
    this.#open(false);
    this.#toggle.focus({ preventScroll: true });
  }

  /** The open panel covers what happens now; the bulletin tells it. */
  #showEffect(): void {
    if (!this.#isOpen) return;
    this.#fold();
    byId('bulletin').scrollIntoView({ block: 'start' });
  }
}
