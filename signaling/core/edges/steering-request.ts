/** What a player says when it asks for a content-steering manifest: all of it is in the URL. */
import * as limits from '../../protocol/limits.ts';

/** A pathway that the player's playlist has; in DASH, a service location. */
export interface Pathway {
  name: string;
  /** What its URLs begin with; null where the site does not say. */
  baseUrl: string | null;
}

export interface SteeringRequest {
  room: string;
  /** Random, the same in all requests of one viewer. */
  seed: string;
  /** Which of its requests it is, from 0. Before the first, nothing has been measured, and little is lost by starting elsewhere. */
  turn: number;
  isDash: boolean;
  /** Pathways that it has used since its last request, with what they gave it; in HLS one. */
  used: Map<string, number | null>;
  /** In the order of the site; empty where it does not say. */
  pathways: Pathway[];
  /** Of the stream. */
  bitsPerSecond: number;
  /** Pathways that have given it less than that, though another may give more. */
  slow: string[];
}

export interface SteeringRefusal {
  code: 'room_missing' | 'room_invalid';
  message: string;
}

const names = /^[\w.:-]{1,80}$/;
/** hls.js takes it for granted before it has read anything. */
const presumedBitsPerSecond = 500_000;
const seeds = /^[\w-]{1,32}$/;
const baseUrls = /^https?:\/\/[^/?#@\s]+\/(?:[^?#\s]*\/)?$/;

/**
 * Without a room there is nothing to answer with. Whatever else is wrong counts as not said: a player has no other use of
 * an error than to go on as before.
 * @param parameters of the URL, decoded
 * @param freshSeed for a viewer that has none yet
 */
export function parseSteering(
  parameters: Iterable<readonly [string, string]>,
  freshSeed: string,
): SteeringRequest | SteeringRefusal {
  const given = new Map<string, string[]>();
  for (const [name, value] of parameters) {
    const values = given.get(name);
    if (values) values.push(value);
    else given.set(name, [value]);
  }
  // What is given twice is ambiguous, unless a player has added to a URL that had its word of last time.
  const once = (name: string) =>
    given.get(name)?.length === 1 ? (given.get(name)?.[0] ?? '') : '';
  const last = (name: string) => given.get(name)?.at(-1) ?? '';

  const rooms = given.get('room') ?? [];
  if (rooms.length === 0) return { code: 'room_missing', message: 'the URL names no room' };
  const room = once('room');
  // Half a surrogate pair could not be written into a URL again.
  if (room === '' || room.length > limits.roomNameLengthMax || /\p{Cs}/u.test(room))
    return { code: 'room_invalid', message: 'the URL must name one room, by its name' };

  const seed = seeds.test(once('v')) ? once('v') : null;
  const isDash = given.has('_DASH_pathway') || given.has('_DASH_throughput');
  const prefix = isDash ? '_DASH' : '_HLS';
  const used = usedOf(last(`${prefix}_pathway`), last(`${prefix}_throughput`));
  // Whoever has a seed, or has measured, has asked before: not all players follow RELOAD-URI.
  const isNew = seed === null && ![...used.values()].some(isMeasured);
  return {
    room,
    seed: seed ?? freshSeed,
    turn: isNew ? 0 : (numberOf(seed === null ? '' : once('n'), limits.steeringTurnsMax) ?? 1),
    isDash,
    used,
    pathways: pathwaysOf(once('pathways')),
    bitsPerSecond:
      numberOf(once('bitrate'), limits.steeringBitsPerSecondMax) ?? limits.steeringBitsPerSecond,
    slow: listOf(once('slow')).filter((name) => names.test(name)),
  };
}

/** Of the next request, without what the player adds itself; relative, as the server may be known by any address and path. */
export function reloadUri(request: SteeringRequest, slow: readonly string[]): string {
  const pathways = request.pathways.map(({ name, baseUrl }) =>
    baseUrl === null ? name : `${name}@${baseUrl}`,
  );
  const parameters = {
    room: request.room,
    v: request.seed,
    n: String((request.turn % limits.steeringTurnsMax) + 1),
    pathways: pathways.join(','),
    bitrate:
      request.bitsPerSecond === limits.steeringBitsPerSecond ? '' : String(request.bitsPerSecond),
    slow: slow.join(','),
  };
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `steering?${query.join('&')}`;
}

/** Apple's player quotes, hls.js does not; a DASH player lists all, those of which it knows the throughput first. */
function usedOf(pathway: string, throughput: string): Map<string, number | null> {
  const throughputs = listOf(unquoted(throughput));
  const used = new Map<string, number | null>();
  for (const [index, name] of listOf(unquoted(pathway)).entries()) {
    if (!names.test(name) || used.has(name)) continue;
    used.set(name, numberOf(throughputs[index] ?? '', limits.steeringBitsPerSecondMax));
  }
  return used;
}

function isMeasured(bitsPerSecond: number | null): boolean {
  return bitsPerSecond !== null && bitsPerSecond !== presumedBitsPerSecond;
}

function pathwaysOf(text: string): Pathway[] {
  const pathways = new Map<string, Pathway>();
  for (const item of listOf(text)) {
    const [, name = '', url] = /^([^@]*)(?:@(.*))?$/s.exec(item) ?? [];
    if (!names.test(name) || pathways.has(name)) continue;
    const isUrl =
      url !== undefined && url.length <= limits.streamUrlLengthMax && baseUrls.test(url);
    pathways.set(name, { name, baseUrl: isUrl ? url : null });
  }
  return [...pathways.values()];
}

function listOf(text: string): string[] {
  if (text === '' || text.length > limits.steeringParameterLengthMax) return [];
  return text.split(',', limits.edgesPerRoomMax);
}

function unquoted(text: string): string {
  return /^".*"$/s.test(text) ? text.slice(1, -1) : text;
}

/** Whole and above 0; hls.js counts in 32 bits, and above 2 Gbit/s it goes below 0. */
function numberOf(text: string, max: number): number | null {
  const value = /^\d{1,15}(?:\.\d{1,6})?$/.test(text) ? Math.round(Number(text)) : 0;
  return value > 0 && value <= max ? value : null;
}
