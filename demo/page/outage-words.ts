/** An outage in plain words. Pure. */
import type { EdgeHealth, Role } from '../../signaling/protocol/index.ts';
import { type EdgeName, edgeTitles } from '../server/edge-offers.ts';
import type { OutageFault, OutageScope } from '../server/lines.ts';
import type { Phase, Standing } from './holdings.ts';
import { capital, edgeReasonWords } from './text.ts';

export const outageFaultWords: Record<OutageFault, { name: string; does: string; done: string }> = {
  cut: { name: 'Cut', does: 'resets every connection', done: 'cut off' },
  silent: { name: 'Black hole', does: 'connects and never answers', done: 'put in a black hole' },
  slow: { name: 'Throttle', does: 'leaves half of what a viewer needs', done: 'throttled' },
};

/** `the edges of everybody but viewer 1 have been cut off`. */
export function outageWords(fault: OutageFault, scope: OutageScope, number: number | null): string {
  const one = number === null ? 'a viewer of another page' : `viewer ${number}`;
  const whose = { one, others: `everybody but ${one}`, everybody: 'everybody' }[scope];
  return `the edges of ${whose} have been ${outageFaultWords[fault].done}`;
}

export const standingWords: Record<Exclude<Standing, null>, { label: string; means: string }> = {
  first: { label: 'first', means: 'reaches its edge and shares what it reads' },
  second: { label: 'second', means: 'is fed by the others' },
  adrift: { label: 'no edge', means: 'plays what the room holds' },
};

export function edgeWords(viewer: { edge: EdgeName; health: EdgeHealth; reason: string }): string {
  const { edge, health, reason } = viewer;
  const why = health === 'healthy' || reason === '' ? '' : `: ${edgeReasonWords(reason)}`;
  return `${edgeTitles[edge]} ${health}${why}`;
}

interface Parties {
  first: readonly number[];
  /** How many viewers are not among them. */
  rest: number;
  masters: readonly number[];
  strained: readonly number[];
}

export function sentenceOf(phase: Phase, { first, rest, masters, strained }: Parties): string {
  switch (phase) {
    case 'empty':
      return 'Nobody watches.';
    case 'calm':
      if (masters.length === 0) return 'The edges answer.';
      return `The edges answer. ${capital(namesOf(masters))} ${masters.length === 1 ? 'reads' : 'read'} for the room.`;
    case 'strained':
      return `${capital(namesOf(strained))} ${strained.length === 1 ? 'gets' : 'get'} too little from the edges; the others help out.`;
    case 'partial': {
      const verb = first.length === 1 ? 'reaches its edge and feeds' : 'reach their edges and feed';
      const fed = rest === 1 ? 'the other one' : `the other ${rest}`;
      return `${capital(namesOf(first))} ${verb} ${fed}.`;
    }
    case 'elsewhere':
      return 'No viewer of this page reaches an edge; those of another page feed them.';
    case 'total':
      return 'No viewer reaches an edge. The room plays what its members hold, up to the horizon.';
    case 'returning':
      return 'The edges answer again, and the viewers go back to them one after the other.';
  }
}

/** `viewer 1`, `viewers 1, 2 and 5`, `6 viewers`. */
export function namesOf(numbers: readonly number[]): string {
  if (numbers.length === 1) return `viewer ${numbers[0]}`;
  if (numbers.length > 4) return `${numbers.length} viewers`;
  return `viewers ${numbers.slice(0, -1).join(', ')} and ${numbers.at(-1)}`;
}

/** Playback goes on a little slower near the horizon, and makes up for it later. */
export function speedWords(playbackRate: number): string {
  const percent = Math.round((playbackRate - 1) * 100);
  if (percent === 0) return '';
  return percent < 0 ? `${-percent} % slower` : `${percent} % faster`;
}

export function roleLabel(role: Role | null): string {
  return role ?? 'joining';
}
