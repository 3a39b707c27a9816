import type { Member } from '../../../signaling/protocol/index.ts';
import type { Room } from '../room/room.ts';
import type { Peers } from './peers.ts';
import { rankByWeight } from './rendezvous.ts';

export interface Candidates {
  /** Known to be unable, or not to read it whoever wants it. */
  skipped(id: string): boolean;
  /** Needs it for its own player; asked of this viewer too. */
  plays(id: string): boolean;
}

/**
 * How many members come before this viewer in reading something from the edge: 0 is the elected fetcher. Masters
 * come first, of those whoever plays it, so that nobody reads for others what it has no use for; then all who may upload.
 * Null when the group has no master: then everyone reads for itself.
 */
export function electionRank(
  key: string,
  room: Room,
  peers: Peers,
  { skipped, plays }: Candidates,
): number | null {
  const { viewerId, links } = room;
  const order = room.orders.of(key, room.members);
  const { masters } = order;
  if (masters.length === 0) return null;
  const own = masters.indexOf(viewerId ?? '');
  const isPlaying = own >= 0 && plays(viewerId ?? '');
  const comesFirst = (id: string, index: number): boolean =>
    own < 0 || (plays(id) === isPlaying ? index < own : !isPlaying);
  let rank = 0;
  for (const [index, id] of masters.entries()) {
    // A master whose link broke is gone; one that has not linked yet may be about to.
    const isGone = peers.isLinked(id) ? skipped(id) : links.isOut(id);
    if (!isGone && comesFirst(id, index)) rank += 1;
  }
  if (own >= 0) return rank;
  for (const id of linkedBefore(order, viewerId, peers)) if (!skipped(id)) rank += 1;
  return rank;
}

/** Of those who are no masters, the linked ones that come before this viewer. */
function linkedBefore(order: Order, viewerId: string | null, peers: Peers): readonly string[] {
  const { others, before } = order;
  const linked = peers.linked();
  if (before?.linked === linked && before.viewerId === viewerId) return before.ids;
  const place = others.indexOf(viewerId ?? '');
  const earlier = place < 0 ? others : others.slice(0, place);
  const ids = earlier.filter((id) => peers.isLinked(id));
  order.before = { linked, viewerId, ids };
  return ids;
}

interface Order {
  masters: readonly string[];
  /** Whoever passes on what the first of them reads: the other masters, or else those who stand by. */
  hubs: readonly string[];
  /** Who may upload besides them. */
  others: readonly string[];
  /** What `linkedBefore` found for these. */
  before: { linked: readonly string[]; viewerId: string | null; ids: readonly string[] } | null;
}

/** More keys than segments and playlists that one viewer is about to read at a time. */
const ordersMax = 32;

/** The orders in which members read things, until the members change: every message asks for one. */
export class Orders {
  #members: readonly Member[] = [];
  #orders = new Map<string, Order>();

  of(key: string, members: readonly Member[]): Order {
    if (members !== this.#members || this.#orders.size > ordersMax) this.#orders.clear();
    this.#members = members;
    let order = this.#orders.get(key);
    if (!order) {
      const masters = ranked(
        key,
        members.filter(({ role }) => role === 'master'),
      );
      const standing = members.filter(({ role, uploads }) => role === 'secondary' && uploads);
      order = {
        masters,
        hubs: masters.length > 1 ? masters.slice(1) : ranked(key, standing),
        others: ranked(
          key,
          members.filter(({ role, uploads }) => role !== 'master' && uploads),
        ),
        before: null,
      };
      this.#orders.set(key, order);
    }
    return order;
  }
}

function ranked(key: string, members: readonly Member[]): string[] {
  return rankByWeight(
    key,
    members.map(({ viewerId, weight }) => ({ id: viewerId, weight })),
  );
}
