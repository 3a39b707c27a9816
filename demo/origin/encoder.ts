import type { PlaylistRendition } from './playlist.ts';

/** Where live media comes from: the committed loop or a running ffmpeg. File names as in the URLs. */
export interface Encoder {
  readonly renditions: readonly PlaylistRendition[];
  /**
   * @param file `playlist.m3u8`, `init.mp4` or `<mediaSequence>.m4s`.
   * @throws OriginError `not_found` for an unknown rendition or file, or a segment that is gone or not there yet;
   *   `encoder_failed` once the encoder is dead.
   */
  read(rendition: string, file: string): Promise<Buffer>;
  /** Leaves no process and no file behind. */
  close(): Promise<void>;
}
