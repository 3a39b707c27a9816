/** What an app passes to `joinRoom`. */
export interface RoomOptions {
  /** Name of the live room; at most 128 characters. One room is one multivariant playlist. */
  room: string;
  /** WebSocket URL of the signaling server, `ws:` or `wss:`. */
  signaling: string;
  /**
   * Room token (JWT) issued by the app for this room and viewer, or a function that fetches one.
   * The function is called again before every (re)connect, so short-lived tokens keep working.
   */
  token: string | (() => string | Promise<string>);
  /**
   * The element that plays the stream: gives deadlines, stalls and buffer. Can be set later with `session.media`.
   * Without it every segment is treated as wanted soon.
   */
  media?: HTMLMediaElement | null;
  /** The user consented to upload to other viewers. Default false: the viewer is only fed. */
  upload?: boolean;
  /** False keeps the viewer out of peer connections altogether. Default true. */
  peers?: boolean;
  /** True connects through TURN servers only, so that members never see each other's address. Default false. */
  relayOnly?: boolean;
  /** STUN and TURN servers; default are those that the signaling server names. */
  iceServers?: RTCIceServer[];
  /** Cap on upload in bytes per second. Default 1 250 000 (10 Mbit/s). */
  uploadBytesPerSecondMax?: number;
  /** Memory for media. Default 64 MiB. */
  memoryBytesMax?: number;
  /** Depth behind memory, kept in IndexedDB. Default 0: memory only. */
  storageBytesMax?: number;
  /** Names the proxy client. Default is a random id kept in the browser profile. */
  deviceId?: string;
}
