/** A thousand viewers that choose by themselves when one edge becomes better: how many it gets, with the real server core. */
import type { ReadNeed } from '../../../sdk/core/edges/scoring.ts';
import { EdgeSelector } from '../../../sdk/core/edges/selector.ts';
import { createEdgeDirectory, type EdgesEvent } from '../../../signaling/core/index.ts';
import { parseEdges } from '../../../signaling/protocol/edges.ts';
import { Random } from '../../sim/world/random.ts';

export interface HerdResult {
  /** Most viewers of the edge that became better, over its fair share; and of any edge before that. */
  peak: number;
  peakBefore: number;
  /** What its share is at the end. */
  last: number;
  /** Mean time to the first byte over the last minute, ms. */
  firstByteMs: number;
}

const edgeCount = 8;
const viewerCount = 1_000;
const fairShare = viewerCount / edgeCount;
/** Of each edge, where all have as many viewers. */
const fairLoad = 0.6;
const usualMs = 100;
const betterMs = 40;
const betterAtMs = 120_000;
const endMs = 420_000;
const decisionMs = 4_000;
const heartbeatMs = 10_000;
const reportMs = 5_000;
const stepMs = 100;

/** @param isTold whether viewers hear of loads and how many an edge admits, or only that it is there */
export function herd(seed: number, isTold: boolean): HerdResult {
  const random = new Random(seed).fork('herd');
  const readers = Array<number>(edgeCount).fill(0);
  const loadOf = (edge: number) => ((readers[edge] ?? 0) / fairShare) * fairLoad;
  const directory = createEdgeDirectory();
  const viewers = Array.from({ length: viewerCount }, (_, index) => createViewer(index));
  const tell = (effects: ReturnType<typeof directory.handle>) => {
    for (const effect of effects) {
      if (effect.type !== 'tell') continue;
      const body = parseEdges(effect.body);
      const edges = body?.edges.map((each) => ({ ...each, load: null, admits: 1 }));
      if (!body) throw new Error('the directory says what cannot be read');
      const listed = isTold ? body : { ...body, edges: edges ?? [] };
      for (const id of effect.connectionIds) viewers[Number(id)]?.selector.listed(listed);
    }
  };
  for (const event of opening()) tell(directory.handle(event, 0));
  const result: HerdResult = { peak: 0, peakBefore: 0, last: 0, firstByteMs: 0 };
  const lastMs: number[] = [];
  for (let nowMs = stepMs; nowMs <= endMs; nowMs += stepMs) {
    const firstByteMs = (edge: number) => {
      const isBetter = edge === 0 && nowMs >= betterAtMs;
      const base = isBetter ? betterMs : usualMs;
      return (base * random.between(0.9, 1.1)) / (1 - Math.min(0.95, loadOf(edge)));
    };
    for (const [index, viewer] of viewers.entries()) {
      if (nowMs >= viewer.decidesAtMs) {
        viewer.decidesAtMs += decisionMs;
        const tookMs = decide(viewer, readers, firstByteMs, nowMs);
        if (nowMs > endMs - 60_000) lastMs.push(tookMs);
      }
      if (nowMs < viewer.reportsAtMs) continue;
      viewer.reportsAtMs += reportMs;
      const edgeId = viewer.edge === null ? null : `${viewer.edge}`;
      const report = { type: 'outcomes', connectionId: `${index}`, outcomes: [] } as const;
      tell(directory.handle({ ...report, edgeId }, nowMs));
    }
    for (let edge = 0; edge < edgeCount; edge += 1) {
      // Edges do not all speak at once.
      if ((nowMs + edge * 1_200) % heartbeatMs !== 0) continue;
      const heartbeat = { load: Math.min(1, loadOf(edge)) };
      tell(directory.handle({ type: 'heartbeat', edgeId: `${edge}`, heartbeat }, nowMs));
    }
    tell(directory.handle({ type: 'woke' }, nowMs));
    const share = (readers[0] ?? 0) / fairShare;
    if (nowMs >= betterAtMs) result.peak = Math.max(result.peak, share);
    else if (nowMs > betterAtMs / 2)
      result.peakBefore = Math.max(result.peakBefore, ...readers.map((each) => each / fairShare));
    result.last = share;
  }
  result.firstByteMs = lastMs.reduce((sum, each) => sum + each, 0) / lastMs.length;
  return result;

  function createViewer(index: number) {
    const selector = new EdgeSelector(null);
    selector.viewerId = `viewer-${seed}-${index}`;
    return {
      selector,
      edge: null as number | null,
      decidesAtMs: random.integer(1, decisionMs),
      reportsAtMs: random.integer(1, reportMs),
    };
  }
}

/** All edges come, then all viewers. */
function* opening(): Iterable<EdgesEvent> {
  for (let edge = 0; edge < edgeCount; edge += 1) {
    const named = { edgeId: `${edge}`, name: `${edge}`, baseUrl: `https://e${edge}.example/` };
    const unsaid = { rooms: null, region: null, kpis: {}, load: 0, costPerGigabyte: null };
    yield { type: 'registered', registration: { ...named, ...unsaid, role: 'active' } };
  }
  for (let index = 0; index < viewerCount; index += 1) {
    const who = { connectionId: `${index}`, deviceId: `d${index}`, subject: `s${index}` };
    yield { ...who, type: 'viewerJoined', room: 'r', network: null, needs: null };
  }
}

interface Viewer {
  selector: EdgeSelector;
  edge: number | null;
}

const need: ReadNeed = { bytes: 0, bufferMs: 20_000 };

/** One look, one choice, one read; returns what the first byte took. */
function decide(
  viewer: Viewer,
  readers: number[],
  firstByteMs: (edge: number) => number,
  nowMs: number,
): number {
  const { selector } = viewer;
  const looked = selector.look(need, nowMs);
  if (looked) selector.answered(looked.edgeId, firstByteMs(Number(looked.edgeId)), nowMs);
  const chosen = Number(selector.choose(need, nowMs)?.edgeId);
  if (chosen !== viewer.edge) {
    if (viewer.edge !== null) readers[viewer.edge] = (readers[viewer.edge] ?? 0) - 1;
    readers[chosen] = (readers[chosen] ?? 0) + 1;
    viewer.edge = chosen;
  }
  const tookMs = firstByteMs(chosen);
  selector.answered(`${chosen}`, tookMs, nowMs);
  return tookMs;
}
