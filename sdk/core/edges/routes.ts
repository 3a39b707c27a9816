import type { EdgeListing, EdgesBody } from '../../../signaling/protocol/edges.ts';
import { originOf } from '../../../signaling/protocol/identity.ts';
import type { ReportFrame } from '../../../signaling/protocol/index.ts';
import * as limits from '../../../signaling/protocol/limits.ts';
import type { Context } from '../context.ts';
import type { Room } from '../room/room.ts';
import { Budget } from './budget.ts';
import type { Resource } from './candidate.ts';
import * as thresholds from './choice-thresholds.ts';
import { Outcomes } from './outcomes.ts';
import type { ReadNeed } from './scoring.ts';
import { EdgeSelector, type EdgeStats } from './selector.ts';

/** A second request for the same, to another edge, if the first is not answered by then. */
export interface Hedge {
  url: string;
  afterMs: number;
}

/** Where an edge is, offered or not. */
type Place = Pick<EdgeListing, 'edgeId' | 'baseUrl'>;

/** Turns the URLs of the player into those of the edge that is chosen. What is on no edge that was ever told of stays as it is. */
export class EdgeRoutes {
  readonly #context: Context;
  readonly #room: Room;
  readonly #selector: EdgeSelector;
  readonly #outcomes = new Outcomes();
  readonly #probes = new Budget(thresholds.probeShare, 2 * limits.partBytes);
  readonly #hedges = new Budget(thresholds.hedgeShare, 1);
  readonly #moved: (chosenUrl: string | null) => void;
  #body: EdgesBody | null = null;
  /** The newest first. Those that are told of no more, too: players go on with the URLs that they have. */
  #known: Place[] = [];
  /** The same, the longest address first: one may lie below another. */
  #places: Place[] = [];
  /** Of the last segment: the edge is chosen for such reads. */
  #bytes = thresholds.usualBytes;

  /** `moved`: called when another edge is read from, with its address; null where none is offered any more. */
  constructor(context: Context, room: Room, moved: (chosenUrl: string | null) => void) {
    this.#context = context;
    this.#room = room;
    this.#moved = moved;
    this.#selector = new EdgeSelector(context.options.edgeNeeds ?? null);
  }

  listed(body: EdgesBody): void {
    if (
      this.#body &&
      body.version <= this.#body.version &&
      body.createdAtMs <= this.#body.createdAtMs
    )
      return;
    const before = this.edgeId;
    this.#body = body;
    this.#selector.viewerId = this.#room.viewerId ?? '';
    this.#selector.listed(body);
    const told: Place[] = [...body.edges, ...body.excluded];
    const former = this.#known.filter((each) =>
      told.every(({ baseUrl }) => baseUrl !== each.baseUrl),
    );
    this.#known = [...told, ...former].slice(0, limits.edgesOfRoomMax);
    this.#places = [...this.#known].sort((a, b) => b.baseUrl.length - a.baseUrl.length);
    // Where all that there was fails, nothing would be read for a while.
    if (before !== undefined) this.#choose(before);
  }

  /** Other masters of the group read from these and come first. */
  set taken(edgeIds: ReadonlySet<string>) {
    this.#selector.taken = edgeIds;
  }

  get edgeId(): string | undefined {
    return this.#selector.chosen?.edgeId;
  }

  /** Address of the edge that was chosen last; null before any was. */
  get chosenUrl(): string | null {
    return this.#selector.chosen?.baseUrl ?? null;
  }

  /** The same resource on the edge that was chosen last. */
  at(url: string): string {
    const { chosen } = this.#selector;
    return chosen ? this.#on(chosen, url) : url;
  }

  /** The same resource on the edge that is best now. What is small goes where segments do. */
  route(url: string, bytes: number): string {
    if (!this.#isRouted(url)) return url;
    if (bytes > limits.partBytes) this.#bytes = bytes;
    const chosen = this.#choose();
    return chosen ? this.#on(chosen, url) : url;
  }

  /** The same on the edge that a small read, of use by itself, should go to. */
  look(url: string): string {
    if (!this.#isRouted(url)) return url;
    const trial = this.trial(url, 'playlists');
    if (trial) return trial;
    if (!this.#mayTry) return this.at(url);
    const looked = this.#selector.look(this.#need(), this.#context.nowMs, 'playlists');
    return looked ? this.#on(looked, url) : url;
  }

  /** The same on one that has failed and may be well again; null where none is. Costs no byte more, whatever the line. */
  trial(url: string, resource: Resource): string | null {
    if (!this.#isRouted(url)) return null;
    const chosen = this.#choose();
    const trial = this.#selector.trial(this.#need(), this.#context.nowMs, resource);
    return trial && trial !== chosen ? this.#on(trial, url) : null;
  }

  /** The edge from which the first part of a segment is read to learn how fast it is; null where nothing is to be tried. */
  probe(url: string, bytes: number): string | null {
    if (!this.#isRouted(url)) return null;
    if (bytes > limits.partBytes) this.#bytes = bytes;
    const trial = this.trial(url, 'segments');
    if (trial) return trial;
    if (!this.#mayTry || bytes <= 2 * limits.partBytes) return null;
    if (!this.#probes.has(limits.partBytes)) return null;
    const looked = this.#selector.look(this.#need(), this.#context.nowMs);
    const { chosen } = this.#selector;
    if (!looked || !chosen || looked === chosen) return null;
    this.#probes.spend(limits.partBytes);
    return this.#on(looked, url);
  }

  /** Where the player runs dry if the answer is late. */
  hedge(url: string): Hedge | undefined {
    const edgeId = this.#edgeIdOf(url);
    const { bufferMs } = this.#room;
    if (!edgeId || bufferMs === null || bufferMs >= thresholds.shortBufferMs || !this.#mayTry)
      return undefined;
    const { nowMs } = this.#context;
    const other = this.#selector.other(edgeId, this.#need(), nowMs);
    if (!other || !this.#hedges.spend(1)) return undefined;
    return { url: this.#on(other, url), afterMs: this.#selector.deadlineMs(edgeId, nowMs) / 2 };
  }

  /** It was not needed. */
  unhedged(): void {
    this.#hedges.refund(1);
  }

  /** Addresses of the other edges that are offered, which have what is at this one, too. */
  othersOf(url: string): string[] {
    const place = this.#placeOf(url);
    const others = this.#selector.edges.filter(({ edgeId }) => edgeId !== place?.edgeId);
    return place ? others.map(({ baseUrl }) => baseUrl) : [];
  }

  /** So many have failed last. */
  get failingCount(): number {
    return this.#selector.failingCount;
  }

  /** Whether an edge of this scheme and host may be chosen. */
  isOffered(origin: string): boolean {
    return this.#selector.edges.some(({ baseUrl }) => originOf(baseUrl) === origin);
  }

  /** Whether another edge could give what this one did not. */
  hasOther(url: string): boolean {
    const edgeId = this.#edgeIdOf(url);
    return edgeId !== undefined && this.#selector.hasOther(edgeId);
  }

  /** The same on the next best edge to one that has not got it; null where there is none. */
  elsewhere(url: string, deniedUrl: string): string | null {
    if (!this.#isRouted(url)) return null;
    const edgeId = this.#edgeIdOf(deniedUrl);
    const other = edgeId && this.#selector.other(edgeId, this.#need(), this.#context.nowMs);
    return other ? this.#on(other, url) : null;
  }

  /** What so much of it would take on the next best edge; null where there is none. */
  elsewhereMs(url: string, bytes: number): number | null {
    const edgeId = this.#edgeIdOf(url);
    const isOther = edgeId !== undefined && this.hasOther(url);
    return isOther
      ? this.#selector.elsewhereMs(edgeId, this.#need(bytes), this.#context.nowMs)
      : null;
  }

  /** How long to wait for the first byte of it; null where there is nobody else to ask. */
  deadlineMs(url: string): number | null {
    const edgeId = this.#edgeIdOf(url);
    const { nowMs } = this.#context;
    if (edgeId === undefined || !this.#selector.hasOther(edgeId)) return null;
    return this.#selector.deadlineMs(edgeId, nowMs);
  }

  answered(url: string, firstByteMs: number, resource?: Resource): void {
    const edgeId = this.#edgeIdOf(url);
    if (edgeId === undefined) return;
    this.#selector.answered(edgeId, firstByteMs, this.#context.nowMs, resource);
    this.#outcomes.answered(edgeId, firstByteMs);
    this.#hedges.earn(1);
  }

  gave(url: string, bytes: number, transferMs: number): void {
    this.#probes.earn(bytes);
    const edgeId = this.#edgeIdOf(url);
    if (edgeId === undefined || bytes < limits.partBytes / 2) return;
    this.#selector.gave(edgeId, bytes, transferMs, this.#context.nowMs);
    this.#outcomes.gave(edgeId, bytes, transferMs);
  }

  /** A second request was quicker although it went out later. */
  late(url: string, waitedMs: number): void {
    const edgeId = this.#edgeIdOf(url);
    if (edgeId !== undefined) this.#selector.late(edgeId, waitedMs, this.#context.nowMs);
  }

  failed(url: string, resource?: Resource): void {
    const edgeId = this.#edgeIdOf(url);
    if (edgeId === undefined) return;
    this.#selector.failed(edgeId, this.#context.nowMs, resource);
    this.#outcomes.failed(edgeId);
  }

  /** One said that it is not there, and then it came from another: that is the first one's fault. */
  blame(deniedUrl: string | null, givenUrl: string, resource: Resource): void {
    if (deniedUrl !== null && this.#edgeIdOf(deniedUrl) !== this.#edgeIdOf(givenUrl))
      this.failed(deniedUrl, resource);
  }

  /** What is known when a whole segment is asked for; gives the function that tells what it took. */
  expect(url: string, bytes: number): (completedMs: number) => void {
    const edgeId = this.#edgeIdOf(url);
    const sample = edgeId && this.#selector.sample(edgeId, bytes, this.#context.nowMs);
    return (completedMs) => {
      if (edgeId && sample)
        this.#outcomes.completed(edgeId, { ...sample, completedMs: Math.max(1, completedMs) });
    };
  }

  /** For the server. */
  take(): Pick<ReportFrame, 'edgeId' | 'edgeOutcomes'> {
    const edgeOutcomes = this.#outcomes.take();
    const { edgeId } = this;
    return { ...(edgeId && { edgeId }), ...(edgeOutcomes && { edgeOutcomes }) };
  }

  stats(): EdgeStats[] {
    return this.#selector.stats(this.#need(), this.#context.nowMs);
  }

  /** Those that the server did not offer, and why. */
  get excluded(): EdgesBody['excluded'] {
    return this.#body?.excluded ?? [];
  }

  get failing(): EdgesBody['failing'] {
    return this.#body?.failing ?? null;
  }

  get #mayTry(): boolean {
    const { metered, saveData } = this.#room.profile;
    return !metered && !saveData;
  }

  /** Whether it is on an edge, and so could be read from another. */
  #isRouted(url: string): boolean {
    const place = this.#placeOf(url);
    if (place?.baseUrl.startsWith('https:')) this.#selector.requireSecure();
    return place !== undefined;
  }

  #choose(before = this.edgeId): EdgeListing | null {
    const chosen = this.#selector.choose(this.#need(), this.#context.nowMs);
    if (chosen?.edgeId !== before) this.#moved(chosen?.baseUrl ?? null);
    return chosen;
  }

  #need(bytes = this.#bytes): ReadNeed {
    return { bytes, bufferMs: this.#room.bufferMs };
  }

  #placeOf(url: string): Place | undefined {
    return this.#places.find(({ baseUrl }) => url.startsWith(baseUrl));
  }

  #edgeIdOf(url: string): string | undefined {
    return this.#placeOf(url)?.edgeId;
  }

  #on({ baseUrl }: EdgeListing, url: string): string {
    const place = this.#placeOf(url);
    return place ? baseUrl + url.slice(place.baseUrl.length) : url;
  }
}
