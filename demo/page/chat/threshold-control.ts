/** The slider of the threshold, what is kept, and the button that forgets it. */
import type { ClassifierState } from '../../../sdk/messages.ts';
import { byId, setText } from '../dom.ts';
import { chanceWords, keptWords, logitOf, probabilityOf } from './why.ts';

export interface ThresholdControlOptions {
  /** Null for what the rules say. */
  onThreshold: (probability: number | null) => void;
  onWipe: () => void;
}

export class ThresholdControl {
  readonly #slider = byId<HTMLInputElement>('chat-threshold');
  readonly #value = byId('chat-threshold-value');
  readonly #reset = byId<HTMLButtonElement>('chat-threshold-reset');
  readonly #wipe = byId<HTMLButtonElement>('chat-wipe');
  readonly #kept = byId('chat-kept');
  #isHeld = false;

  constructor({ onThreshold, onWipe }: ThresholdControlOptions) {
    this.#slider.addEventListener('input', () => {
      this.#isHeld = true;
      this.#tell(this.#chosen);
    });
    this.#slider.addEventListener('change', () => {
      this.#isHeld = false;
      onThreshold(this.#chosen);
    });
    this.#reset.addEventListener('click', () => onThreshold(null));
    this.#wipe.addEventListener('click', () => onWipe());
  }

  /** `state` is null where nothing is decided, because of `failure`. */
  render(state: ClassifierState | null, failure: string): void {
    for (const control of [this.#slider, this.#reset, this.#wipe]) control.disabled = !state;
    setText(this.#kept, state ? keptWords(state) : failure || 'Starting …');
    // What is being moved is not moved away under the finger.
    if (!state || this.#isHeld) return;
    this.#slider.value = String(logitOf(state.threshold));
    this.#tell(state.threshold);
  }

  get #chosen(): number {
    return probabilityOf(Number(this.#slider.value));
  }

  #tell(probability: number): void {
    const words = chanceWords(probability);
    setText(this.#value, words);
    this.#slider.setAttribute('aria-valuetext', words);
  }
}
