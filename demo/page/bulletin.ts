/** One sentence or two on what is happening, in plain words. Pure but for the stalls it remembers. */

import { edgeNames } from '../server/edge-offers.ts';
import { isOffered } from './edge-needs.ts';
import type { RoomSnapshot } from './room.ts';
import { type DemoState, type ServerName, serverTitles } from './servers.ts';
import { capital, count, duration, percent, seconds } from './text.ts';

export type Mood = 'calm' | 'trouble' | 'grave';

export interface Bulletin {
  mood: Mood;
  text: string;
}

export class BulletinWriter {
  #stallsBefore: number | null = null;

  /** `outage`: the sentence on viewers that are cut off; empty when none are. */
  write(room: RoomSnapshot, state: DemoState | null, outage = ''): Bulletin {
    if (!state) {
      const text =
        'The demo has ended or does not answer. Start it again with npm start, then reload.';
      return { mood: 'grave', text };
    }
    const trouble = faultSentence(state, outage);
    if (trouble === '') {
      this.#stallsBefore = null;
      return { mood: room.stalled > 0 ? 'grave' : 'calm', text: calmText(room) };
    }
    this.#stallsBefore ??= room.stallCount;
    const stalls = room.stallCount - this.#stallsBefore;
    return {
      mood: room.stalled > 0 ? 'grave' : 'trouble',
      text: `${trouble} ${consequence(room, state, stalls)}`,
    };
  }
}

function calmText(room: RoomSnapshot): string {
  if (room.viewers === 0) return 'Nobody watches. Add a viewer.';
  if (room.stalled > 0) {
    const comes = room.bytesArrived > 0;
    return `${standing(room)} ${comes ? 'New media is on its way.' : 'Nothing arrives although no server is cut.'}`;
  }
  if (room.offloadNow === null || room.masters + room.others === 0) {
    return 'The viewers start from the edges, and join the room beside it.';
  }
  const readers =
    room.masters > 0 ? `${count(room.masters, 'master')} of this page` : 'Another page';
  const verb = room.masters > 1 ? 'read' : 'reads';
  return `All is well. ${readers} ${verb} from the edges; ${percent(room.offloadNow)} of the media comes from other viewers.`;
}

function faultSentence({ servers }: DemoState, outage: string): string {
  const parts = (Object.keys(serverTitles) as ServerName[]).flatMap((name) => {
    const { fault, faultForMs } = servers[name];
    if (fault === 'none') return [];
    const what = fault === 'cut' ? 'was cut' : 'was slowed to half a stream';
    return [`${capital(serverTitles[name])} ${what} ${duration(faultForMs ?? 0)} ago.`];
  });
  return [...parts, ...(outage ? [outage] : [])].join(' ');
}

function consequence(room: RoomSnapshot, { servers, outage }: DemoState, stalls: number): string {
  const cut = (name: ServerName) => servers[name].fault === 'cut';
  const isTotal = outage?.scope === 'everybody' && outage.fault !== 'slow';
  const isDry = edgeNames.every((name) => cut(name) || !isOffered(servers[name]));
  const nothingNew = isTotal || cut('origin') || isDry;
  if (room.stalled > 0) {
    const why = nothingNew ? ' Nothing new can be had: it goes on when a server is back.' : '';
    return `${standing(room)}${why}`;
  }
  const calm = stalls === 0 ? 'Nobody has stalled since.' : `${count(stalls, 'stall')} since.`;
  if (nothingNew) {
    const left =
      room.bufferMsMin === null ? '' : `: ${seconds(room.bufferMsMin)} at the shortest viewer`;
    return `Nothing new can be had; the room plays what it holds${left}. ${calm}`;
  }
  const share = room.offloadNow === null ? '' : `, ${percent(room.offloadNow)} of their media`;
  return `The viewers feed one another${share}. ${calm}`;
}

function standing({ stalled, viewers }: RoomSnapshot): string {
  if (stalled === viewers) return 'All viewers have reached the end of what the room holds.';
  return `${stalled} of ${viewers} viewers ${stalled === 1 ? 'stands' : 'stand'} still.`;
}
