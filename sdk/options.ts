import { pathOf } from '../signaling/protocol/identity.ts';
import type { EdgeNeeds, IceServer, VerificationKey } from '../signaling/protocol/index.ts';
import { type Kpis, type KpiTexts, parseKpis } from '../signaling/protocol/kpis.ts';
import * as limits from '../signaling/protocol/limits.ts';
import { HoldfastError } from './errors.ts';
import type { IntegrityMode } from './events.ts';

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
  /**
   * Says that the connection is metered where the browser cannot (all but Chromium): nothing is uploaded then.
   * Default: what the browser says, and false where it says nothing.
   */
  metered?: boolean;
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
  /**
   * Whether the URL of a multivariant playlist is the room's stream; while the player plays another, the room is left.
   * Default: any URL with the path of the first that the player loads, whatever host and query string. Where the query
   * says which stream it is, as in `/playlist.m3u8?channel=2`, another channel would be taken for the same stream.
   */
  isStream?: (url: string) => boolean;
  /** Depth behind memory, kept in IndexedDB. Default 0: memory only. */
  storageBytesMax?: number;
  /**
   * Media of peers is measured by no less than this; what does not reach it comes from the edge. Default `none`: by the
   * strongest that the room has. `agreement` costs the edge a second copy of everything.
   */
  integrityMin?: IntegrityMode;
  /** The publisher's public key, as `holdfast-sign` prints it: only what it signed is taken from peers. */
  publisherKey?: JsonWebKey;
  /**
   * Share by which playback may slow while no edge answers and the room's media runs out, 0 to 0.05; it is made up for
   * afterwards, and a rate that the page or the user has set is left alone. Default 0.05.
   */
  slowdownMax?: number;
  /**
   * What the page needs of edges, where the server knows of several. Those that do not meet the minimum are not read from
   * while another does; a response time or bandwidth beyond the expected is no advantage. Default: nothing is asked, and
   * the quickest is best.
   */
  edges?: EdgeOptions;
  /**
   * Names a site: its viewers are one device in whatever browsers they are, and are linked to one another over WebRTC.
   * Default is a random id kept in the browser profile, whose tabs are fed inside the browser.
   */
  deviceId?: string;
}

/** KPIs are a number with a unit, such as `5 Mbps`, `150 ms`, `99.9 %`, `20 /s`, `4 GB` or `2 cores`. */
export interface EdgeOptions {
  minimum?: KpiTexts;
  expected?: KpiTexts;
  /** Whether an edge that does not state a KPI of the minimum is refused. Default false: it is given the benefit of the doubt. */
  strict?: boolean;
}

/** Options with defaults in place. */
export interface CheckedOptions {
  room: string;
  url: string;
  token: RoomOptions['token'];
  media: HTMLMediaElement | null;
  upload: boolean;
  /** Null leaves it to the browser. */
  metered: boolean | null;
  peers: boolean;
  relayOnly: boolean;
  iceServers: IceServer[] | null;
  uploadBytesPerSecondMax: number;
  memoryBytesMax: number;
  storageBytesMax: number;
  slowdownMax: number;
  integrityMin: IntegrityMode;
  publisherKey: VerificationKey | null;
  deviceId: string | undefined;
  edgeNeeds: EdgeNeeds | undefined;
  isStream: (url: string) => boolean;
}

const uploadBytesPerSecondDefault = 1_250_000;

/** @throws HoldfastError `option_invalid` naming the first option that cannot work. */
export function checkOptions(options: RoomOptions): CheckedOptions {
  const { room, signaling, token, deviceId, isStream } = options;
  require(typeof room === 'string' &&
    room !== '' &&
    room.length <= limits.roomNameLengthMax, 'room');
  require(typeof signaling === 'string' && /^wss?:\/\/[^/]/.test(signaling), 'signaling');
  require((typeof token === 'string' && token !== '') || typeof token === 'function', 'token');
  require(deviceId === undefined || deviceIdPattern.test(deviceId), 'deviceId');
  require(isStream === undefined || typeof isStream === 'function', 'isStream');
  return {
    room,
    url: signaling,
    token,
    media: options.media ?? null,
    upload: flag(options.upload, false, 'upload'),
    metered: options.metered === undefined ? null : flag(options.metered, false, 'metered'),
    peers: flag(options.peers, true, 'peers'),
    relayOnly: flag(options.relayOnly, false, 'relayOnly'),
    iceServers: servers(options.iceServers),
    uploadBytesPerSecondMax: amount(
      options.uploadBytesPerSecondMax,
      uploadBytesPerSecondDefault,
      1,
      'uploadBytesPerSecondMax',
    ),
    memoryBytesMax: amount(
      options.memoryBytesMax,
      limits.memoryBytesMax,
      limits.partBytes,
      'memoryBytesMax',
    ),
    storageBytesMax: amount(options.storageBytesMax, 0, 0, 'storageBytesMax'),
    slowdownMax: slowdown(options.slowdownMax),
    ...integrity(options),
    deviceId,
    edgeNeeds: options.edges && needs(options.edges),
    isStream: isStream ?? samePath(),
  };
}

/** Says whether a URL has the path of the first one. */
function samePath(): (url: string) => boolean {
  let path: string | undefined;
  return (url) => {
    path ??= pathOf(url);
    return pathOf(url) === path;
  };
}

function needs({ minimum, expected, strict }: EdgeOptions): EdgeNeeds {
  return {
    minimum: kpis(minimum, 'edges.minimum'),
    expected: kpis(expected, 'edges.expected'),
    isStrict: flag(strict, false, 'edges.strict'),
  };
}

function kpis(texts: KpiTexts | undefined, name: string): Kpis {
  const parsed = parseKpis(texts ?? {});
  require(typeof parsed !== 'string', `${name}.${parsed}`);
  return parsed as Kpis;
}

const integrityModes: readonly unknown[] = ['none', 'agreement', 'attested', 'signed'];

function integrity({ integrityMin = 'none', publisherKey }: RoomOptions) {
  require(integrityModes.includes(integrityMin), 'integrityMin');
  if (!publisherKey) return { integrityMin, publisherKey: null };
  const { kty, crv, x, y } = publisherKey;
  const isKey = kty === 'EC' && crv === 'P-256' && x?.length === 43 && y?.length === 43;
  require(isKey, 'publisherKey');
  return { integrityMin: 'signed' as const, publisherKey: { kty, crv, x, y } as VerificationKey };
}

const deviceIdPattern = new RegExp(`^[\\w.:-]{1,${limits.idLengthMax}}$`);

function flag(value: boolean | undefined, byDefault: boolean, name: string): boolean {
  require(value === undefined || typeof value === 'boolean', name);
  return value ?? byDefault;
}

function servers(value: RTCIceServer[] | undefined): IceServer[] | null {
  if (value === undefined) return null;
  const isUrl = (url: unknown) => typeof url === 'string' && /^(stun|turn)s?:./.test(url);
  const isServer = (server: RTCIceServer | undefined) =>
    Array.isArray(server?.urls) ? server.urls.every(isUrl) : isUrl(server?.urls);
  require(Array.isArray(value) && value.every(isServer), 'iceServers');
  return value as IceServer[];
}

function amount(value: number | undefined, byDefault: number, min: number, name: string): number {
  require(value === undefined || (Number.isFinite(value) && value >= min), name);
  return value ?? byDefault;
}

/** More would be heard. */
const slowdownDefault = 0.05;

function slowdown(value = slowdownDefault): number {
  require(value >= 0 && value <= slowdownDefault, 'slowdownMax');
  return value;
}

function require(isValid: boolean, name: string): void {
  if (!isValid)
    throw new HoldfastError('option_invalid', `joinRoom: option \`${name}\` is not valid`, {
      fatal: true,
    });
}
