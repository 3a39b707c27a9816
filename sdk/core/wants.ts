import type { Context } from './context.ts';
import type { CoreEvent, SegmentRequest, Wanted } from './events.ts';
import type { Playlists } from './playlists/playlists.ts';
import type { Swarm } from './swarm/swarm.ts';

type MasterGave = Extract<CoreEvent, { type: 'masterGave' }>;

/** What players want of this viewer, whatever it is: its own, and others of its device. */
export class Wants {
  #context: Context;
  #swarm: Swarm;
  #playlists: Playlists;

  constructor(context: Context, swarm: Swarm, playlists: Playlists) {
    this.#context = context;
    this.#swarm = swarm;
    this.#playlists = playlists;
  }

  load(wanted: Wanted): void {
    if (wanted.type === 'segmentWanted') this.#swarm.wanted(wanted);
    else this.#playlists.wanted(wanted);
  }

  /** False where it was not waited for any more. */
  unload(wanted: Wanted): boolean {
    const { loadId } = wanted;
    return wanted.type === 'playlistWanted'
      ? this.#playlists.abandoned({ loadId, playlistId: wanted.playlistId })
      : this.#swarm.abandoned({ loadId, segmentId: wanted.request.segmentId });
  }

  /** Unloads and returns those of these loads that wait for a playlist, or for a segment that no edge is bringing. */
  recall(isOne: (loadId: number) => boolean): Wanted[] {
    const waiting = [...this.#swarm.waiting(), ...this.#playlists.directory.waiting()];
    const recalled = waiting.filter(({ loadId }) => isOne(loadId));
    for (const wanted of recalled) this.unload(wanted);
    return recalled;
  }

  /** Whoever stands by for the master has what it gave when it takes its place. */
  keep({ loadId, sizeBytes }: MasterGave, request: SegmentRequest, given: string): void {
    const { segmentId } = request;
    if (this.#swarm.holds(segmentId)) return;
    this.#context.emit({ type: 'keepGiven', loadId, segmentId });
    this.#swarm.edge.brought({ request, sizeBytes, transferMs: 0, given });
  }
}
