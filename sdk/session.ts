import type { HlsConfig } from 'hls.js';
import type { SessionEvents, SessionStats } from './events.ts';
import type { RoomOptions } from './options.ts';

/** A viewer's place in a live room. */
export interface Session {
  /** Settings for `new Hls(...)`: the loaders that go through the room, merged over `config`. */
  hls(config?: Partial<HlsConfig>): Partial<HlsConfig>;
  /** Listens to one event; returns the function that stops listening. */
  on<Name extends keyof SessionEvents>(name: Name, listener: (event: SessionEvents[Name]) => void): () => void;
  stats(): SessionStats;
  /** The element whose playhead gives deadlines. */
  media: HTMLMediaElement | null;
  /** Leaves the room; loads that are under way go on from the edge. */
  close(): Promise<void>;
}

/**
 * Joins a live room. Returns at once: playback starts from the edge while joining goes on beside it.
 * @throws HoldfastError `option_invalid` for options that cannot work.
 */
export function joinRoom(_options: RoomOptions): Session {
  throw new Error('being built');
}
