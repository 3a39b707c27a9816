import type { AudioRendition, PlaylistRendition } from './playlist.ts';

/** Where live media comes from: the committed loop or a running ffmpeg. File names as in the URLs. */
export interface Encoder {
  readonly renditions: readonly PlaylistRendition[];
  /** Where the sound is not in the renditions. */
  readonly audio?: AudioRendition | null;
  /**
   * @param query may hold delivery directives, which a low-latency encoder waits for.
   * @param file `playlist.m3u8`, `init.mp4` or `<mediaSequence>.m4s`.
   * @throws OriginError `not_found` for an unknown rendition or file, or a segment that is gone or not there yet;
   *   `reload_refused` for delivery directives that lie more than two segments ahead;
   *   `encoder_failed` once the encoder is dead.
   */
  read(
    rendition: string,
    file: string,
    query: URLSearchParams,
    signal: AbortSignal,
  ): Promise<Buffer>;
  /** Leaves no process and no file behind. */
  close(): Promise<void>;
}
