import type { Member } from '../../../signaling/protocol/index.ts';
import type { Context } from '../context.ts';
import { returnWithinMs } from './room-timings.ts';

/** The members that this viewer exchanges media with. */
export class Roster {
  #context: Context;
  #told: readonly Member[] = [];
  /** After a server lost its memory: the members that have yet to come back to it. */
  #returning: { members: readonly Member[]; untilMs: number } | null = null;
  members: readonly Member[] = [];
  #byId = new Map<string, Member>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** The server knows nothing of those that were here. */
  begin(): void {
    if (this.members.length < 2) return;
    const untilMs = this.#context.nowMs + returnWithinMs;
    this.#returning = { members: this.members, untilMs };
    this.#context.wakeAt(untilMs);
  }

  follow(told: readonly Member[]): void {
    this.#told = told;
  }

  clear(): void {
    this.#told = [];
    this.#returning = null;
    this.gather(new Set(), []);
  }

  /** Those that were told, with those still linked that may come back. */
  gather(open: ReadonlySet<string>, bridges: readonly Member[]): readonly Member[] {
    const told = new Set(this.#told.map(({ viewerId }) => viewerId));
    const returning = (this.#returning?.members ?? []).filter(
      ({ viewerId }) => !told.has(viewerId) && open.has(viewerId),
    );
    this.members = [...this.#told, ...returning];
    this.#byId = new Map([...bridges, ...this.members].map((member) => [member.viewerId, member]));
    return this.members;
  }

  /** One of them, or of those that bridges lead to. */
  find(viewerId: string): Member | undefined {
    return this.#byId.get(viewerId);
  }

  /** Returns true when nobody is waited for any more. */
  tick(): boolean {
    if (!this.#returning) return false;
    const { untilMs } = this.#returning;
    if (this.#context.nowMs < untilMs) {
      this.#context.wakeAt(untilMs);
      return false;
    }
    this.#returning = null;
    return true;
  }
}
